/** "00" to "99". */
const LOW = Array.from({ length: 100 }, (_, low) => String(low).padStart(2, '0'));

let newestHigh = 0;
let highText = '0';

/**
 * A number that is never seen again, in decimal. V8 keeps the text of each number that it writes until another
 * one takes its place in a table, in the old part of the heap: of ids that only count up that is garbage for
 * a full collection, 25 bytes a call. guest/outbox.js has the same.
 */
export function idText(id: number): string {
  if (!(id >= 100)) return String(id);
  const low = id % 100;
  const high = (id - low) / 100;
  if (high !== newestHigh) {
    newestHigh = high;
    highText = String(high);
  }
  return `${highText}${LOW[low]}`;
}
