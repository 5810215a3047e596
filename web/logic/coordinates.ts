/** `-157.82, 21.3` → [longitude, latitude] in degrees; undefined where it is none. */
export function parseCoordinates(text: string): [number, number] | undefined {
  const parts = text.split(/[,;]/).map((part) => part.trim().replace('−', '-'));
  if (parts.length !== 2 || parts.some((part) => part === '')) return undefined;
  const [longitude = Number.NaN, latitude = Number.NaN] = parts.map(Number);
  return Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90 ? [longitude, latitude] : undefined;
}
