/**
 * Sketches of distinct clients, as Ebb's agent sends them: HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with 1024
 * registers, a standard error of 3.3 %. Two sketches made with one salt are merged by the larger of each register, in any
 * order and as often as one likes; of an address nothing is left but a few bits of a keyed hash.
 *
 * Text: `d` and a letter for each register, or, where few are set, `s` and three letters for each of these: its number, and
 * its value. Letters are base64url's.
 */

const registers = 1024;
/** Ranks of 32 bits, and none. */
const mostRank = 33;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const codes = new Map(Array.from(letters, (letter, code) => [letter, code]));

/** Whether the text is a sketch. */
export function isSketch(text: string): boolean {
  return readSketch(text) !== null;
}

/** The sketch of all clients that one of these has seen; null for none. Texts that are no sketch are left out. */
export function mergeSketches(texts: readonly (string | null)[]): string | null {
  let merged: Uint8Array | null = null;
  for (const text of texts) {
    const read = text === null ? null : readSketch(text);
    if (read === null) continue;
    if (merged === null) merged = read;
    else for (let i = 0; i < registers; i++) merged[i] = Math.max(merged[i], read[i]);
  }
  return merged === null ? null : writeSketch(merged);
}

/** About how many clients were seen; null for what is no sketch. */
export function estimateClients(text: string): number | null {
  const read = readSketch(text);
  if (read === null) return null;
  let sum = 0;
  let unset = 0;
  for (const rank of read) {
    sum += 2 ** -rank;
    if (rank === 0) unset += 1;
  }
  const raw = ((0.7213 / (1 + 1.079 / registers)) * registers ** 2) / sum;
  const isSmall = raw <= 2.5 * registers && unset > 0;
  return Math.round(isSmall ? registers * Math.log(registers / unset) : raw);
}

function readSketch(text: string): Uint8Array | null {
  const read = new Uint8Array(registers);
  const code = (at: number): number => codes.get(text.charAt(at)) ?? NaN;
  if (text.startsWith('d') && text.length === registers + 1) {
    for (let i = 0; i < registers; i++) {
      const rank = code(i + 1);
      if (!(rank <= mostRank)) return null;
      read[i] = rank;
    }
    return read;
  }
  if (!text.startsWith('s') || text.length % 3 !== 1 || text.length > registers + 1) return null;
  for (let at = 1; at < text.length; at += 3) {
    const index = code(at) * 64 + code(at + 1);
    const rank = code(at + 2);
    if (!(index < registers && rank > 0 && rank <= mostRank)) return null;
    read[index] = Math.max(read[index], rank);
  }
  return read;
}

function writeSketch(read: Uint8Array): string {
  const set = read.reduce((count, rank) => count + Number(rank > 0), 0);
  if (3 * set >= registers) return `d${Array.from(read, (rank) => letters.charAt(rank)).join('')}`;
  let text = 's';
  read.forEach((rank, index) => {
    if (rank > 0) text += letters.charAt(index >> 6) + letters.charAt(index & 63) + letters.charAt(rank);
  });
  return text;
}
