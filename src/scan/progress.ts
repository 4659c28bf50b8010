/** How far a long call is. `total` is 0 while it is not known. */
export interface Progress {
  readonly phase: string
  readonly done: number
  readonly total: number
  readonly label?: string
}

/** What every long call takes: a way to stop it, and one to watch it. */
export interface Watch {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}
