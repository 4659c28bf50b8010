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

/** Nothing yet; the sets are the caller's to fill. */
export function noneExplained(): Explained {
  return { prints: new Set(), stems: new Set() }
}
