/** What components that were accepted explain. */
export interface Explained {
  /** Prints of their live units. */
  readonly prints: Set<number>
  /**
   * {@link stemOf} of their live units. Projects that copy a file keep its name: code and data of such a file belong to
   * the component that is known to be there, even where only another one was ever seen built.
   */
  readonly stems: Set<string>
}

export function noneExplained(): Explained {
  return { prints: new Set(), stems: new Set() }
}

/** `inflate` for `inflate.c`, `zlib/inflate.c` and `inflate.o`. */
export function stemOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1)
  const dot = file.lastIndexOf('.')
  return (dot > 0 ? file.slice(0, dot) : file).toLowerCase()
}
