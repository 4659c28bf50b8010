/**
 * The names that GNU ld could not find, in the order of its messages, each once. Hidden names come with a message of
 * their own.
 */
export function undefinedNames(said) {
  const names = new Set()
  for (const { groups } of said.matchAll(/undefined reference to `(?<name>[^']+)'/g)) names.add(groups.name)
  for (const { groups } of said.matchAll(/hidden symbol `(?<name>[^']+)' isn't defined/g)) names.add(groups.name)
  return [...names]
}

/** Instructions by function in a listing of `objdump -d --no-show-raw-insn`. */
export function instructionCounts(listing) {
  const counts = new Map()
  let name
  for (const line of listing.split('\n')) {
    const header = /^[0-9a-f]+ <(?<name>.+)>:$/.exec(line)
    if (header !== null) name = header.groups.name
    else if (name !== undefined && /^\s+[0-9a-f]+:\t/.test(line)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
