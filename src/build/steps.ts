/** Progress of several jobs at once as one: each weighs what it said it would read. */
export class Steps {
  readonly #report: (done: number, total: number, label: string) => void
  #done = 0
  #total = 0

  constructor(report: (done: number, total: number, label: string) => void) {
    this.#report = report
  }

  /** Adds a job of `weight` steps, at least one. */
  add(label: string, weight: number): Step {
    const size = Math.max(1, weight)
    let own = 0
    const advance = (to: number): void => {
      this.#done += to - own
      own = to
      this.#report(Math.floor(this.#done), this.#total, label)
    }
    this.#total += size
    return {
      at: (done, total) => advance(total > 0 ? (size * Math.min(done, total)) / total : own),
      end: () => advance(size),
    }
  }
}

/** One job of {@link Steps}. */
export interface Step {
  /** `done` of `total` of the job's own measure. */
  readonly at: (done: number, total: number) => void
  readonly end: () => void
}
