/** One way to authenticate that a server offers. */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string
  /** By name in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Longer headers are cut: the longest seen have some 500 characters. */
const MAX_CHARACTERS = 8_192

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const SEPARATORS = /[\s,]*/y
const EQUALS = /[ \t]*=[ \t]*/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[\s,]*$|\s*,)/y

/**
 * Reads `WWW-Authenticate`, which may hold several challenges. What cannot be read ends the list.
 *
 * @see RFC 9110, 11.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const scanner = new Scanner(header.slice(0, MAX_CHARACTERS))
  const challenges: Challenge[] = []
  for (;;) {
    scanner.take(SEPARATORS)
    const scheme = scanner.take(TOKEN)
    if (scheme === undefined) return challenges
    const parameters = new Map<string, string>()
    challenges.push({ scheme: scheme.toLowerCase(), parameters })
    readParameters(scanner, parameters)
  }
}

/** Up to the next word that no equals sign follows: that is the next challenge. */
function readParameters(scanner: Scanner, parameters: Map<string, string>): void {
  for (let isFirst = true; ; isFirst = false) {
    const before = scanner.at
    scanner.take(SEPARATORS)
    const name = scanner.take(TOKEN)?.toLowerCase()
    const value = name === undefined || scanner.take(EQUALS) === undefined ? undefined : scanner.value()
    if (name === undefined || value === undefined) {
      scanner.at = before
      if (isFirst) scanner.skipToken68()
      return
    }
    if (!parameters.has(name)) parameters.set(name, value)
  }
}

class Scanner {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  take(pattern: RegExp): string | undefined {
    const match = this.#match(pattern)
    return match?.[0]
  }

  /** A token or a quoted text without its quotes. */
  value(): string | undefined {
    const quoted = this.#match(QUOTED)
    return quoted === null ? this.take(TOKEN) : quoted[1]?.replace(/\\(.)/gs, '$1')
  }

  /** `Negotiate a87421000000==`: a value of the scheme itself. */
  skipToken68(): void {
    const before = this.at
    if (this.take(/[ \t]+/y) === undefined || this.take(TOKEN68) === undefined) this.at = before
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.#text)
    if (match !== null) this.at = pattern.lastIndex
    return match
  }
}
