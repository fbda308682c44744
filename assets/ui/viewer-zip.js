// Reads zip files in the browser: the list of entries from the end of the file, an entry when asked.

const TAIL = 66000; // the longest comment and the end record

/** Entries [{name, size, packed, method, offset}] of a zip of which `read(from, to)` gives bytes. */
export async function listEntries(read, size) {
  const start = Math.max(0, size - TAIL);
  const tail = await read(start, size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let end = tail.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("not a zip file");
  const length = view.getUint32(end + 12, true);
  const from = view.getUint32(end + 16, true);
  const directory = from >= start ? tail.subarray(from - start, from - start + length) : await read(from, from + length);
  return readDirectory(directory);
}

function readDirectory(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new TextDecoder();
  const entries = [];
  for (let at = 0; at + 46 <= bytes.length && view.getUint32(at, true) === 0x02014b50;) {
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    entries.push({
      name: words.decode(bytes.subarray(at + 46, at + 46 + lengths[0])),
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
  return entries;
}

/** Unpack one entry. */
export async function readEntry(read, entry) {
  const head = await read(entry.offset, entry.offset + 30);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const from = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  const packed = await read(from, from + entry.packed);
  if (entry.method === 0) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** `read(from, to)` for bytes at hand. */
export const readBytes = (bytes) => async (from, to) => bytes.subarray(from, to);

/** `read(from, to)` for a file of a server that knows ranges. */
export const readRange = (url) => async (from, to) => {
  const response = await fetch(url, { headers: { Range: `bytes=${from}-${to - 1}` }, credentials: "same-origin" });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return response.status === 206 ? bytes : bytes.subarray(from, to);
};
