/** What reads as a version: numbers with points or underscores between, perhaps a letter behind. */
const VERSION = /\d{1,4}(?:[._]\d{1,4}){1,3}[a-z]{0,2}/g
/** What overwrites it: no version, and as long. */
const COVER = '#'

/**
 * A copy of the program in which every text like a version is overwritten, in all of its sections with data: a file that says
 * nothing of its versions. `sections` are those of the program as `readProgram` gives them.
 */
export function withoutVersions(bytes, sections) {
  const blind = Uint8Array.from(bytes)
  for (const { role, offset, size } of sections) {
    if (role !== 'data' && role !== 'mixed') continue
    const text = Buffer.from(blind.buffer, blind.byteOffset + offset, size).toString('latin1')
    for (const match of text.matchAll(VERSION))
      blind.fill(COVER.charCodeAt(0), offset + match.index, offset + match.index + match[0].length)
  }
  return blind
}
