/**
 * Names under which programs ask for libraries, without directory, version and extension, lower case: `libz.so.1` →
 * `libz`, `libcrypto-3-x64.dll` → `libcrypto-3-x64`, `libfoo-2.0.so.0` → `libfoo-2.0` and `libfoo`.
 */
export function libraryNames(needed: string): readonly string[] {
  const base = needed
    .replace(/^.*[/\\]/, '')
    .toLowerCase()
    .replace(/\.(?:so(?:\.[\w.]+)*|dll|dylib)$/, '')
    .replace(/\.\d+(?:\.\d+)*$/, '')
  const bare = base.replace(/[-_]?\d+(?:[._]\d+)*(?:-x64|-arm64)?$/, '')
  return bare === base || bare === '' ? [base] : [base, bare]
}
