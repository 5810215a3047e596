/** In a file of its own, because the help of the commands shows it without loading the schemas. */

/** The store where no field names one: SQLite, in the folder that the units own. */
export const DEFAULT_STORE = 'sqlite:/var/lib/opq/makai.db';
