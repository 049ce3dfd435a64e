/** The icon of our pages: a quire, which is a gathering of folded sheets, drawn here. */

/** `#` is ink, `o` is paper; all else is clear. */
const PICTURE = [
  '................',
  '.#####....#####.',
  '#ooooo#..#ooooo#',
  '#oooooo##oooooo#',
  '#o####o##o####o#',
  '#oooooo##oooooo#',
  '#o####o##o####o#',
  '#oooooo##oooooo#',
  '#o####o##o####o#',
  '#oooooo##oooooo#',
  '#o###oo##o###oo#',
  '#oooooo##oooooo#',
  '#######oo#######',
  '.......##.......',
  '......####......',
  '................',
];
const SIZE = 16;
/** Blue, green, red, opacity. */
const COLOURS: Record<string, readonly number[]> = { '#': [0x5a, 0x3a, 0x1f, 0xff], o: [0xf4, 0xfa, 0xff, 0xff] };
const CLEAR = [0, 0, 0, 0];

/** An ICO file with one picture, as a bitmap of 32 bits a pixel: the form that every browser reads. */
function draw(): Buffer {
  const header = Buffer.alloc(22 + 40);
  // One icon; its width, height, planes, bits a pixel, length and place.
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(1, 4);
  header.writeUInt8(SIZE, 6);
  header.writeUInt8(SIZE, 7);
  header.writeUInt16LE(1, 10);
  header.writeUInt16LE(32, 12);
  header.writeUInt32LE(22, 18);
  // The bitmap's own header counts the rows twice, since a mask of one bit a pixel follows the colours.
  header.writeUInt32LE(40, 22);
  header.writeInt32LE(SIZE, 26);
  header.writeInt32LE(SIZE * 2, 30);
  header.writeUInt16LE(1, 34);
  header.writeUInt16LE(32, 36);
  const pixels = Buffer.from(PICTURE.toReversed().flatMap((row) => row.split('').flatMap((pixel) => COLOURS[pixel] ?? CLEAR)));
  const mask = Buffer.alloc(SIZE * 4);
  header.writeUInt32LE(40 + pixels.length + mask.length, 14);
  return Buffer.concat([header, pixels, mask]);
}

/** The bytes of `/favicon.ico`. */
export const FAVICON = draw();
