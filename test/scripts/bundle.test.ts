import { readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compileCommand } from '../fixtures/compiled.ts'

let directory = ''
let source = ''
beforeAll(async () => {
  directory = await compileCommand()
  source = join(directory, 'src')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The modules that a module imports from the start, itself included, below the source. */
function loaded(entry: string, seen = new Set<string>()): string[] {
  if (seen.has(entry)) return []
  seen.add(entry)
  const text = readFileSync(join(source, entry), 'utf8')
  for (const [, specifier = ''] of text.matchAll(/^(?:import|export)\b[^'"]*["'](\.[^'"]*)["'];?$/gm))
    loaded(relative(source, join(source, entry, '..', specifier)).replaceAll('\\', '/'), seen)
  return [...seen].sort()
}

describe('the bundled package', () => {
  test('is one file for each of opening, the command, a scan and compiling, and one that names it', () => {
    expect(loaded('index.js')).toEqual(['bundles/opening.js', 'index.js'])
    expect(loaded('cli/main.js')).toEqual(['bundles/command.js', 'bundles/opening.js', 'cli/main.js'])
    expect(loaded('scan/scan-file.js')).toEqual(['bundles/opening.js', 'bundles/scanning.js', 'scan/scan-file.js'])
  })

  test('has each module once: what it exports under its own name is what the bundle has', async () => {
    const load = (path: string) => import(/* @vite-ignore */ pathToFileURL(join(source, path)).href)
    const index = await load('index.js')
    expect((await load('errors.js')).DetectorError).toBe(index.DetectorError)
    expect((await load('scan/open-database.js')).openDatabase).toBe(index.openDatabase)
    const [{ kernel }, { Kind }] = [await load('fingerprint/kernel/kernel.js'), await load('fingerprint/print-set.js')]
    expect([kernel(), Kind.String]).toEqual([kernel(), 1])
  })
})
