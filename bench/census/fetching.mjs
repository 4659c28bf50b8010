/** Packages that one call of apt-get fetches: its start takes a second, and a batch has to lie on the disk. */
const BATCH = 16
/** Calls at once: one alone is slower than two scanners. */
const CALLS = 2

/**
 * Hands packages out with their files, fetching the next ones while some are worked on; whoever takes a file removes it.
 * At most four batches lie on the disk.
 */
export class PackageStream {
  #apt
  #left
  #ready = []
  #fetching = new Set()
  /** Packages that could not be had. */
  missing = []

  constructor(apt, packages) {
    this.#apt = apt
    this.#left = [...packages]
    this.#fetch()
  }

  /** `{ one, path }`, or undefined at the end. */
  async next() {
    while (this.#ready.length === 0) {
      if (this.#fetching.size === 0) return undefined
      await Promise.race(this.#fetching)
    }
    const taken = this.#ready.shift()
    this.#fetch()
    return taken
  }

  #fetch() {
    while (this.#left.length > 0 && this.#fetching.size < CALLS && this.#ready.length < BATCH * 2) {
      const fetching = this.#fetchBatch(this.#left.splice(0, BATCH)).finally(() => {
        this.#fetching.delete(fetching)
        this.#fetch()
      })
      this.#fetching.add(fetching)
    }
  }

  async #fetchBatch(batch) {
    const paths = await this.#apt.download(batch)
    for (const one of batch)
      if (paths.has(one)) this.#ready.push({ one, path: paths.get(one) })
      else this.missing.push(one)
  }
}
