import { join } from 'node:path'
import { type AptOptions, type AptPackage, AptRoot, fileNameOf, systemMirrors } from './apt.ts'

/**
 * The packages of several architectures, each through a root of its own: where the list of one architecture is broken on
 * a mirror, apt takes no list of that suite, and the others would be lost with it.
 */
export class AptArchitectures {
  readonly #roots: readonly AptRoot[]
  /** Suites of which an architecture has no list: `bookworm-security (i386)`. */
  readonly missing: readonly string[]

  private constructor(roots: readonly AptRoot[], missing: readonly string[]) {
    this.#roots = roots
    this.missing = missing
  }

  /**
   * Fetches the package lists of all suites and architectures. Downloaded packages are kept in `packages/` of the directory.
   *
   * @throws DetectorError as {@link AptRoot.open}, when an architecture has no list at all
   */
  static async open(options: AptOptions): Promise<AptArchitectures> {
    const roots: AptRoot[] = []
    const missing: string[] = []
    const mirrors = await systemMirrors(options.signal)
    for (const architecture of options.architectures) {
      const directory = join(options.directory, architecture)
      const folder = join(options.directory, 'packages')
      const root = await AptRoot.open({ ...options, mirrors, directory, folder, architectures: [architecture] })
      roots.push(root)
      missing.push(...root.missing.map((suite) => `${suite} (${architecture})`))
    }
    return new AptArchitectures(roots, missing)
  }

  /** As {@link AptRoot.find}. A package of all architectures comes once. */
  async find(names: readonly string[]): Promise<AptPackage[]> {
    const found = new Map<string, AptPackage>()
    for (const root of this.#roots) for (const one of await root.find(names)) found.set(fileNameOf(one), one)
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  }

  /** As {@link AptRoot.download}. */
  async download(packages: readonly AptPackage[]): Promise<Map<AptPackage, string>> {
    const paths = new Map<AptPackage, string>()
    for (const root of this.#roots) {
      const left = packages.filter((one) => !paths.has(one) && root.offers(one))
      for (const [one, path] of await root.download(left)) paths.set(one, path)
    }
    // In the order asked for, whichever root had them.
    return new Map(packages.flatMap((one) => (paths.has(one) ? [[one, paths.get(one)!]] : [])))
  }
}
