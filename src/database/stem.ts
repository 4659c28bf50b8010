/**
 * What a unit is called wherever a project or a build puts it: `inflate` for `inflate.c`, `zlib/inflate.c` and `inflate.o`.
 *
 * Projects that copy a file keep its name, so that this is how copies are recognised.
 */
export function stemOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1)
  const dot = file.lastIndexOf('.')
  return (dot > 0 ? file.slice(0, dot) : file).toLowerCase()
}
