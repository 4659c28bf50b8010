import type { DatabaseReader } from '../database/reader.ts'

/**
 * Names under which programs ask for libraries, without directory and extension, lower case, the longest first: `libz.so.1` →
 * `libz`, `libcrypto-3-x64.dll` → `libcrypto-3-x64` and `libcrypto`, `libfoo-2.0.so.0` → `libfoo-2.0`, `libfoo-2` and `libfoo`.
 * Digits right behind a letter stay: libz3 is no libz.
 */
export function libraryNames(needed: string): readonly string[] {
  const whole = needed
    .replace(/^.*[/\\]/, '')
    .toLowerCase()
    .replace(/\.(?:so(?:\.\w+)*|dll|dylib)$/, '')
  const base = whole.replace(/\.\d+(?:\.\d+)*$/, '')
  const bare = base.replace(/[-_]\d+(?:[._]\d+)*(?:-x64|-arm64)?$/, '')
  const names = new Set([whole, base, bare].filter((name) => name !== ''))
  return names.size > 0 ? [...names] : [whole]
}

/** Indexes of the components with a library of one of the names, ascending. */
export function componentsOf(names: readonly string[], reader: DatabaseReader): number[] {
  const found = new Set<number>()
  for (const name of names) for (const index of reader.componentsWithSoname(name)) found.add(index)
  return [...found].sort((a, b) => a - b)
}
