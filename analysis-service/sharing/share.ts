/** What a part of this service needs to know of the others. */

/** Which boxes are this service's. */
export interface Share {
  /** Whether work on the box may begin here. */
  takes(boxId: string): boolean;
  /** Whether what was found of the box may be stored by this service: by its own clock its lease has not ended. */
  owns(boxId: string): boolean;
}
