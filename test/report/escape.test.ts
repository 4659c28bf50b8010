import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut, escapeJson, escapeText, shellWord } from '../../src/report/escape.ts'
import { toJson } from '../../src/report/json.ts'
import { report, unknown } from '../fixtures/report.ts'

test.each([
  ['plain text, ünïcode and 漢字 stay', 'zlib 1.3 ünïcode 漢字 😀', 'zlib 1.3 ünïcode 漢字 😀'],
  ['line ends', 'a\nb\rc\td', 'a\\nb\\rc\\td'],
  ['escape sequences', '\u001b[2J\u0007', '\\x1b[2J\\x07'],
  ['delete and C1 controls', '\u007f\u009b', '\\x7f\\x9b'],
  ['text that is turned round', 'cod\u202egpj.exe', 'cod\\u202egpj.exe'],
  ['characters without width', 'zl\u200bib\ufeff', 'zl\\u200bib\\ufeff'],
  ['tags beyond the first plane', '\u{e0041}', '\\u{e0041}'],
  ['half a surrogate pair', '\ud800', '\\ud800'],
])('escapeText: %s', (_name, raw, escaped) => {
  expect(escapeText(raw)).toBe(escaped)
})

test('JSON says the same after escaping, and holds nothing a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (message) => {
      const json = toJson({ ...report, unknowns: [{ ...unknown, message }] })
      expect(JSON.parse(json).unknowns[0].message).toBe(message)
      expect(json).not.toMatch(/(?!\n)\p{Cc}|\p{Cf}/u)
    }),
  )
  expect(escapeJson('"\u{e0041}"')).toBe('"\\udb40\\udc41"')
})

test('toJson ends with one newline and prints equal reports equally', () => {
  expect(toJson(report)).toBe(toJson(structuredClone(report)))
  expect(toJson(report)).toMatch(/[^\n]\n$/)
})

describe('shellWord gives back the path through a shell', () => {
  test.each(['/bin/busybox', 'a b', "it's", '$(touch x)`id`', 'back\\slash', '*', '漢字'])('%s', (path) => {
    expect(execFileSync('bash', ['-c', `printf %s ${shellWord(path)}`], { encoding: 'utf8' })).toBe(path)
  })

  test('with control characters', () => {
    const path = "\u001b[2J'\\\n\u202e$HOME"
    expect(shellWord(path)).toBe("$'\\x1b[2J\\'\\\\\\x0a\\xe2\\x80\\xae$HOME'")
    expect(execFileSync('bash', ['-c', `printf %s ${shellWord(path)}`], { encoding: 'utf8' })).toBe(path)
  })

  test('and never as an option', () => {
    expect(shellWord('-rf')).toBe('./-rf')
  })
})

test('cut marks what it cut and splits no character', () => {
  expect(cut('abcdef', 6)).toBe('abcdef')
  expect(cut('abcdef', 4)).toBe('abc…')
  expect(cut('ab😀cd', 4)).toBe('ab…')
  expect(cut('abc', 0)).toBe('…')
})
