import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const index = readFileSync(`${root}/src/index.ts`, 'utf8')

/** Every public name with the file that declares it. */
const symbols = [...index.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(
  ([, names = '', file = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => [name, posix.join('src', file)] as const),
)

test('the public API has names', () => {
  expect(symbols.length).toBeGreaterThan(20)
})

test('the public API has the verbs that README shows, and nothing is missing behind its names', async () => {
  const api: Readonly<Record<string, unknown>> = await import('../src/index.ts')
  const verbs = [
    'openDatabase',
    'scanFile',
    'scanPaths',
    'scanImage',
    'sweepImages',
    'findComponent',
    'explain',
    'indexRelease',
    'buildDatabase',
    'toJson',
    'toTable',
  ]
  for (const name of verbs) expect(api[name], name).toBeTypeOf('function')
  expect(Object.values(api)).not.toContain(undefined)
})

describe('every public symbol has a docstring', () => {
  test.each(symbols)('%s of %s', (name, file) => {
    const declaration = `export (?:declare )?(?:async )?(?:function\\*?|const|interface|type|class) ${name}\\b`
    expect(new RegExp(`\\*/\\n${declaration}`).test(declaring(name, file)), `${name} in ${file}`).toBe(true)
  })
})

test('types that public types are made of are public too', () => {
  const names = new Set(symbols.map(([name]) => name))
  const missing = new Set<string>()
  for (const [name, file] of symbols) {
    const text = declaring(name, file)
    const start = text.search(new RegExp(`^export (?:interface|type) ${name}\\b`, 'm'))
    if (start < 0) continue
    const body = text.slice(start, text.indexOf('\n}', start) + 1 || undefined).replace(/\/\*\*.*?\*\//gs, '')
    for (const [, used = ''] of body.matchAll(/:\s*(?:readonly )?([A-Z]\w+)(?:\[\])?\s*$/gm))
      if (!names.has(used) && !GLOBAL.has(used)) missing.add(`${name} uses ${used}`)
  }
  expect([...missing]).toEqual([])
})

/** Types of the language, and one that is opaque on purpose: only this package's verbs may use it. */
const GLOBAL = new Set(['AbortSignal', 'RegExp', 'DatabaseReader'])

/** The text of the file that declares the name: the one named, or the one that it passes the name on from. */
function declaring(name: string, file: string): string {
  const text = readFileSync(`${root}/${file}`, 'utf8')
  const passed = new RegExp(`^export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`, 'm').exec(text)
  return passed === null ? text : declaring(name, posix.join(posix.dirname(file), passed[1] ?? ''))
}
