import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readProgram } from '../../src/binary/read.ts'
import { hash64, hashText } from '../../src/bytes/hash.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { extractLiteral, extractTable } from '../../src/fingerprint/extract.ts'
import { MacroTable } from '../../src/fingerprint/macros.ts'
import { PrintSet } from '../../src/fingerprint/print-set.ts'
import { readSource } from '../../src/fingerprint/source-c.ts'
import { extractSymbols } from '../../src/fingerprint/symbols.ts'
import { buildElf } from '../fixtures/elf.ts'
import { scan } from './collect.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/fingerprints.md', import.meta.url)), 'utf8')
const [, features = '', sources = ''] = page.split(/^\| (?:kind \| text|source) \|.*\n.*\n/m)

/** The cells of each row of a table, back-quotes taken off. */
function rowsOf(table: string): string[][] {
  return [...table.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) =>
    row.split(/ \|(?: |$)/).map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  )
}

function digits(hash: bigint): string {
  return hash.toString(16).padStart(16, '0')
}

const [, arrays = ''] = page.split(/^\| array \|.*\n.*\n/m)

/** The bytes of an array that a row names, in the byte order that it names. */
function arrayOf(name: string): Uint8Array {
  const isShort = name.startsWith('`uint16_t`')
  // Products of halves stay exact.
  const values = Array.from({ length: 64 }, (_, i) => (isShort ? i * 0x9e37 : Math.imul(i, 0x9e3779b1)))
  const numbers = isShort ? Uint16Array.from(values) : Uint32Array.from(values)
  const bytes = new Uint8Array(numbers.buffer)
  const last = numbers.BYTES_PER_ELEMENT - 1
  return name.endsWith('big-endian') ? bytes.map((_, i) => bytes[i ^ last]!) : bytes
}

/** All features of a text in data, as `kind fingerprint`. */
function featuresOf(bytes: Uint8Array): string[] {
  const found = scan(bytes)
  const shown = (line: string): string => digits(BigInt(line.split(' ')[0]!))
  return [
    ...found.strings.map((line) => `string ${shown(line)}`),
    ...found.templates.map((line) => `${line.endsWith(' head') ? 'head' : 'template'} ${shown(line)}`),
    ...found.literals.map((line) => `literal ${line.split(' ')[0]}`),
  ]
}

function symbolsOf(name: string): string[] {
  const prints = new PrintSet()
  extractSymbols(readProgram(bytesSource(buildElf({ symbols: [{ name, offset: 4 }] }))), prints)
  return Array.from({ length: prints.count }, (_, i) =>
    digits((BigInt(prints.high[i]!) << 32n) | BigInt(prints.low[i]!)),
  )
}

test('the page has its examples', () => {
  expect([rowsOf(features).length, rowsOf(sources).length]).toEqual([19, 5])
})

test.each(rowsOf(features))('%s %s is the feature %s with the fingerprint %s', (kind, text, feature, fingerprint) => {
  const spelled = JSON.parse(text!) as string
  const bytes = Buffer.from(`${spelled}\0`, kind === 'wide' ? 'utf16le' : 'utf8')
  if (kind === 'none') {
    expect(featuresOf(bytes)).toEqual([])
    return
  }
  const expected = JSON.parse(feature!) as string
  if (kind === 'literal') {
    expect(featuresOf(bytes)).toContain(`literal ${expected}`)
    return
  }
  expect(digits(hash64(Buffer.from(expected, 'utf8')))).toBe(fingerprint)
  if (kind === 'symbol') expect(symbolsOf(spelled)).toContain(fingerprint)
  else expect(featuresOf(bytes)).toContain(`${kind === 'wide' ? 'string' : kind} ${fingerprint}`)
})

const windows = rowsOf(arrays.slice(0, arrays.indexOf('\n\n')))

test.each([...new Set(windows.map(([name]) => name!))])('%s give the windows of the page and no others', (name) => {
  const bytes = arrayOf(name)
  const found: string[][] = []
  extractTable(bytes, (high, low, offset) => {
    const window = Buffer.from(bytes.subarray(offset, offset + 32)).toString('hex')
    found.push([name, `${offset}`, window, digits((BigInt(high) << 32n) | BigInt(low))])
  })
  expect(found).toEqual(windows.filter((row) => row[0] === name))
  for (const [, , window, fingerprint] of found) expect(digits(hash64(Buffer.from(window!, 'hex')))).toBe(fingerprint)
})

test.each(rowsOf(sources))('%s gives %s with the fingerprint %s', (source, feature, fingerprint) => {
  const expected = JSON.parse(feature!) as string
  expect(digits(hashText(expected))).toBe(fingerprint)
  const text = source!.replaceAll(' #define', '\n#define')
  const facts = readSource(Buffer.from(text), { isHeader: false, isTemplate: false })
  const table = new MacroTable(() => undefined, 256)
  for (const macro of facts.macros) table.add(macro)
  const texts = [...facts.literals, ...facts.runs.flatMap((run) => table.resolve(run, new Map()).map((t) => t.text))]
  const found = facts.functions.map((name) => digits(hashText(name)))
  for (const literal of texts)
    extractLiteral(literal, {
      string: (hash) => found.push(digits(hash)),
      template: () => undefined,
      literal: () => undefined,
    })
  expect(found).toContain(fingerprint)
})
