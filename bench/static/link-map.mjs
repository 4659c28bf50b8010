/** Sections whose bytes come from a library's text: code and constants. */
const CONTENT = /^\.(?:text|rodata|rdata|data)\b/

/**
 * Bytes of code and data that each archive gave to a program, by the archive's name, from the map of GNU ld: what was
 * discarded has address 0 there.
 */
export function bytesByArchive(map) {
  const bytes = new Map()
  const start = map.indexOf('Linker script and memory map')
  // A long name of a section stands on a line of its own, before its address.
  const text = map.slice(Math.max(0, start)).replace(/\n( \S+)\n\s+0x/g, '\n$1 0x')
  for (const line of text.split('\n')) {
    const [, section, address, size, archive] =
      /^ (\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S*?([^/\s]+\.a)\(/.exec(line) ?? []
    if (archive === undefined || !CONTENT.test(section) || /^0+$/.test(address)) continue
    bytes.set(archive, (bytes.get(archive) ?? 0) + Number.parseInt(size, 16))
  }
  return bytes
}

/** As {@link bytesByArchive}, from the map of lld: its lines end in the object and the section in brackets. */
export function bytesByArchiveOfLld(map) {
  const bytes = new Map()
  for (const line of map.split('\n')) {
    const [, size, archive, section] =
      /^\s*[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+\s+\S*?([^/\s]+\.a)\([^)]*\):\((\.[^)]*)\)/.exec(line) ?? []
    if (archive === undefined || !CONTENT.test(section)) continue
    bytes.set(archive, (bytes.get(archive) ?? 0) + Number.parseInt(size, 16))
  }
  return bytes
}
