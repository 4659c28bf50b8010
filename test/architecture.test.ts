import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Every layer may import itself, `errors`, `model`, and what stands here. The reasons are in docs/architecture.md. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  model: [],
  bytes: [],
  versions: [],
  archive: ['bytes', 'versions'],
  binary: ['bytes', 'versions'],
  fingerprint: ['bytes', 'versions', 'binary'],
  database: ['bytes', 'versions'],
  build: ['bytes', 'versions', 'archive', 'binary', 'fingerprint', 'database'],
  identify: ['bytes', 'versions', 'binary', 'fingerprint', 'database'],
  image: ['bytes', 'versions', 'archive'],
  advisory: ['bytes', 'versions', 'identify', 'database'],
  scan: [
    'bytes',
    'versions',
    'archive',
    'binary',
    'fingerprint',
    'database',
    'build',
    'identify',
    'image',
    'advisory',
    'report',
  ],
  report: [],
  index: [
    'bytes',
    'versions',
    'archive',
    'binary',
    'fingerprint',
    'database',
    'build',
    'identify',
    'image',
    'advisory',
    'scan',
    'report',
  ],
  cli: ['index', 'report'],
}

/** Layers below these two import nothing, `errors` and `model` included. */
const IMPORT_NOTHING = ['errors', 'model']

/** Packages and system doors that one place of the source answers for. */
const RESERVED: readonly (readonly [specifier: RegExp, allowed: RegExp])[] = [
  [/^level$/, /^src\/database\//],
  [/^xxhash-wasm$/, /^src\/bytes\/hash\.ts$/],
  [/^elfy$/, /^src\/binary\//],
  [
    /^node:child_process$/,
    /^src\/(build\/sources\/|archive\/decompress\.ts$|cli\/tool\.ts$|image\/registry\/credential-program\.ts$)/,
  ],
]

/** What only the command may touch: a library neither prints nor ends its caller's process. */
const PROCESS_DOORS = /\bprocess\s*\.\s*(?:exit|exitCode|argv|stdin|stdout|stderr)\b|\bconsole\s*\./

const MAX_LINES = 400

interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly text: string
  /** Comment lines left out. */
  readonly code: string
}

const files: readonly SourceFile[] = readdirSync(`${root}/src`, { recursive: true, encoding: 'utf8' })
  .map((path) => `src/${path.replaceAll('\\', '/')}`)
  .filter((path) => path.endsWith('.ts') && !path.startsWith('src/fingerprint/kernel/assembly/'))
  .sort()
  .map((path) => {
    const text = readFileSync(`${root}/${path}`, 'utf8')
    return { path, text, code: withoutComments(text) }
  })

describe('imports', () => {
  test('every folder of the source is a layer of the table', () => {
    const unknown = files.map(({ path }) => layerOf(path)).filter((layer) => !Object.hasOwn(LAYERS, layer))
    expect([...new Set(unknown)]).toEqual([])
  })

  test('every layer imports only the layers that the table allows', () => {
    expect(violations(relativeImports, ({ path }, target) => mayImport(layerOf(path), layerOf(target)))).toEqual([])
  })

  test('every import stays inside the source', () => {
    expect(violations(relativeImports, (_file, target) => target.startsWith('src/'))).toEqual([])
  })

  test('built-in modules are imported by their node: names', () => {
    expect(violations(packageImports, (_file, name) => name.startsWith('node:') || !isBuiltin(name))).toEqual([])
  })

  test('every package is a dependency of the manifest', () => {
    const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as Record<string, object | undefined>
    const declared = Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] })
    expect(violations(packageImports, (_file, name) => isBuiltin(name) || declared.includes(packageOf(name)))).toEqual(
      [],
    )
  })

  test.each(RESERVED)('%s is imported only by %s', (reserved, allowed) => {
    expect(violations(packageImports, ({ path }, name) => !reserved.test(name) || allowed.test(path))).toEqual([])
  })
})

describe('the table itself', () => {
  test('has no cycle', () => {
    const done = new Set<string>()
    const visit = (layer: string, trail: readonly string[]): void => {
      expect(trail).not.toContain(layer)
      if (done.has(layer)) return
      for (const lower of LAYERS[layer] ?? []) visit(lower, [...trail, layer])
      done.add(layer)
    }
    for (const layer of Object.keys(LAYERS)) visit(layer, [])
  })

  test('is the table of docs/architecture.md', () => {
    const document = readFileSync(`${root}/docs/architecture.md`, 'utf8')
    const rows = [...document.matchAll(/^\| `([a-z]+)` \|([^|]*)\|/gm)].map(([, layer = '', cell = '']) => [
      layer,
      [...cell.matchAll(/`([a-z]+)`/g)].map(([, name]) => name).sort(),
    ])
    const table = Object.entries(LAYERS).map(([layer, lower]) => [layer, [...lower].sort()])
    expect(rows.sort()).toEqual(table.sort())
  })
})

describe('manners', () => {
  test('only the command touches the arguments, the standard streams and the exit code of the process', () => {
    expect(offenders(({ path, code }) => layerOf(path) !== 'cli' && PROCESS_DOORS.test(code))).toEqual([])
  })

  test('nothing is exported as default', () => {
    expect(offenders(({ code }) => /^export\s+default\b|\bas\s+default\s*[,}]/m.test(code))).toEqual([])
  })

  test('no file but src/index.ts is there to gather the exports of others', () => {
    const statement = /^(?:import|export)\b[\w\s{},*$]*?(?:\bfrom\s*)?'[^']+'(?: with \{[^}]*\})?;?$/gm
    const gathers = (code: string): boolean =>
      /^export\s+(?:type\s+)?\*/m.test(code) || code.replace(statement, '').trim() === ''
    expect(offenders(({ path, code }) => path !== 'src/index.ts' && gathers(code))).toEqual([])
  })

  test('src/index.ts holds re-exports and nothing else', () => {
    const declares = /^(?:export\s+)?(?:async\s+)?(?:const|let|var|function|class|interface|enum)\b/m
    expect(offenders(({ path, code }) => path === 'src/index.ts' && declares.test(code))).toEqual([])
  })

  test('no file is named after having no subject', () => {
    const shapeless = /(^|[./-])(utils?|helpers?|misc|common)[./-]/
    expect(offenders(({ path }) => shapeless.test(posix.basename(path)))).toEqual([])
  })

  test(`a file over ${MAX_LINES} lines gives its reason in its first comment`, () => {
    const reason = new RegExp(`^\\s*(/\\*(?:(?!\\*/)[^])*\\b${MAX_LINES} lines\\b|//.*\\b${MAX_LINES} lines\\b)`)
    expect(offenders(({ text }) => text.split('\n').length - 1 > MAX_LINES && !reason.test(text))).toEqual([])
  })

  test('no error is swallowed by an empty catch', () => {
    expect(offenders(({ text }) => /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}/.test(text))).toEqual([])
  })
})

describe('the checks see what they look for', () => {
  test.each([
    ["import { a } from './a.ts'", ['./a.ts']],
    ["import type {\n  A,\n  B,\n} from '../b.ts'", ['../b.ts']],
    ["import './c.ts'", ['./c.ts']],
    ["export * from './d.ts'", ['./d.ts']],
    ["const e = await import('./e.ts')", ['./e.ts']],
    ["type F = import('./f.ts').F", ['./f.ts']],
    ["/**\n * import { x } from './x.ts'\n */\nimport g from 'g'", ['g']],
  ])('%j imports %j', (text, expected) => {
    expect(specifiers(withoutComments(text))).toEqual(expected)
  })

  test.each([
    ['cli', 'scan', false],
    ['identify', 'versions', true],
    ['report', 'errors', true],
    ['errors', 'model', false],
    ['database', 'fingerprint', false],
    ['scan', 'scan', true],
  ])('%s may import %s: %s', (from, to, allowed) => {
    expect(mayImport(from, to)).toBe(allowed)
  })
})

function mayImport(from: string, to: string): boolean {
  if (from === to) return true
  if (IMPORT_NOTHING.includes(to)) return !IMPORT_NOTHING.includes(from)
  return LAYERS[from]?.includes(to) === true
}

/** The folder below `src`, or the file's own name directly in it. */
function layerOf(path: string): string {
  return (path.split('/')[1] ?? '').replace(/\.ts$/, '')
}

function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line))
    .join('\n')
}

function specifiers(code: string): readonly string[] {
  const declaration = /^(?:import|export)\b(?:[\w\s{},*$]*\bfrom)?\s*'([^']+)'/gm
  const call = /\bimport\(\s*'([^']+)'/g
  const found = [declaration, call].flatMap((pattern) => [...code.matchAll(pattern)].map(([, name = '']) => name))
  return [...new Set(found)]
}

/** As paths from the root of the repository. */
function relativeImports({ path, code }: SourceFile): readonly string[] {
  const relative = specifiers(code).filter((name) => name.startsWith('.'))
  return relative.map((name) => posix.join(posix.dirname(path), name))
}

function packageImports({ code }: SourceFile): readonly string[] {
  return specifiers(code).filter((name) => !name.startsWith('.'))
}

/** `level/x` belongs to `level`, `@a/b/c` to `@a/b`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function violations(
  importsOf: (file: SourceFile) => readonly string[],
  allowed: (file: SourceFile, target: string) => boolean,
): readonly string[] {
  return files.flatMap((file) =>
    importsOf(file)
      .filter((target) => !allowed(file, target))
      .map((target) => `${file.path} imports ${target}`),
  )
}

function offenders(offends: (file: SourceFile) => boolean): readonly string[] {
  return files.filter(offends).map(({ path }) => path)
}
