const BLOCK = 512;

/** The bytes of the first regular file in a tar archive whose path ends in `/<name>`; undefined when there is none. */
export function extractFile(archive: Uint8Array, name: string): Uint8Array | undefined {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let offset = 0; offset + BLOCK <= archive.length; ) {
    const path = text(offset, 100);
    const size = Number.parseInt(text(offset + 124, 12).trim(), 8);
    if (path === '' || !Number.isSafeInteger(size)) return undefined;
    const type = text(offset + 156, 1);
    const start = offset + BLOCK;
    if (start + size > archive.length) return undefined;
    if ((type === '0' || type === '') && path.endsWith(`/${name}`))
      return archive.subarray(start, start + size);
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
