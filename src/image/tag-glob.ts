import { DetectorError } from '../errors.ts'

/** Eight times the longest tag. A longer glob is a mistake, and its braces could nest too deeply to read. */
const MAX_CHARACTERS = 1_024

/** One step through a glob: takes a character, or goes on without one. The last step has no way on. */
interface Step {
  /** Undefined for a step that takes nothing. */
  readonly takes?: (character: string) => boolean
  next: Step[]
}

/**
 * True if the glob covers the whole tag: `*` any characters, `?` one, `[a-z]` and `[!a-z]` one of a set, `{a,b}` either,
 * `\` makes the next character an ordinary one. Capitals count.
 *
 * Takes time proportional to the length of both: nothing is tried twice.
 *
 * @throws DetectorError `USAGE` where a bracket or brace is not closed: no tag could hold it
 */
export function matchesGlob(tag: string, glob: string): boolean {
  return compileGlob(glob)(tag)
}

/** The test of {@link matchesGlob} for many tags. @throws DetectorError `USAGE` */
export function compileGlob(glob: string): (tag: string) => boolean {
  if (glob.length > MAX_CHARACTERS)
    throw new DetectorError('USAGE', `need a glob of at most ${MAX_CHARACTERS} characters, have ${glob.length}`)
  const end: Step = { next: [] }
  const start: Step = { next: [] }
  new GlobParser(glob).sequence(start, end)
  return (tag) => {
    let steps = closure([start])
    for (const character of tag)
      steps = closure([...steps].flatMap(({ takes, next }) => (takes?.(character) ? next : [])))
    return steps.has(end)
  }
}

/** The steps, and those that are reached from them without a character. */
function closure(steps: readonly Step[]): ReadonlySet<Step> {
  const reached = new Set(steps)
  // Sets are walked in order of adding, those added meanwhile included.
  for (const step of reached) if (step.takes === undefined) for (const next of step.next) reached.add(next)
  return reached
}

class GlobParser {
  readonly #glob: string
  readonly #characters: readonly string[]
  #at = 0

  constructor(glob: string) {
    this.#glob = glob
    this.#characters = [...glob]
  }

  /** Steps from `start` to `end`; within braces up to the comma or brace that ends it. */
  sequence(start: Step, end: Step, depth = 0): void {
    let last = start
    while (this.#at < this.#characters.length) {
      const character = this.#characters[this.#at++]
      if (depth > 0 && (character === ',' || character === '}')) {
        this.#at -= 1
        break
      }
      last = this.#step(last, character as string, depth)
    }
    last.next.push(end)
  }

  #step(from: Step, character: string, depth: number): Step {
    if (character === '*') return this.#star(from)
    if (character === '?') return this.#take(from, () => true)
    if (character === '[') return this.#take(from, this.#set())
    if (character === '{') return this.#alternatives(from, depth)
    const literal = character === '\\' ? this.#need('a character behind "\\"') : character
    return this.#take(from, (other) => other === literal)
  }

  #take(from: Step, takes: (character: string) => boolean): Step {
    const after: Step = { next: [] }
    from.next.push({ takes, next: [after] })
    return after
  }

  #star(from: Step): Step {
    const after: Step = { next: [] }
    after.next.push({ takes: () => true, next: [after] })
    from.next.push(after)
    return after
  }

  #alternatives(from: Step, depth: number): Step {
    const after: Step = { next: [] }
    for (let character = ','; character !== '}'; character = this.#need('a closing "}"')) {
      const start: Step = { next: [] }
      from.next.push(start)
      this.sequence(start, after, depth + 1)
    }
    return after
  }

  /** As shells read it: `]` in first place is a member, `!` and `^` there mean all others. */
  #set(): (character: string) => boolean {
    let character = this.#need('a closing "]"')
    const isNegated = character === '!' || character === '^'
    if (isNegated) character = this.#need('a closing "]"')
    const ranges: (readonly [low: string, high: string])[] = []
    do {
      const low = character === '\\' ? this.#need('a closing "]"') : character
      character = this.#need('a closing "]"')
      if (character !== '-' || this.#characters[this.#at] === ']') {
        ranges.push([low, low])
        continue
      }
      const high = this.#need('a closing "]"')
      ranges.push([low, high === '\\' ? this.#need('a closing "]"') : high])
      character = this.#need('a closing "]"')
    } while (character !== ']')
    return (other) => ranges.some(([low, high]) => low <= other && other <= high) !== isNegated
  }

  #need(needed: string): string {
    const character = this.#characters[this.#at++]
    if (character !== undefined) return character
    throw new DetectorError('USAGE', `need ${needed} in the glob ${JSON.stringify(this.#glob.slice(0, 200))}`)
  }
}
