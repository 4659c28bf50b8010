import { describe, expect, test } from 'vitest'
import { readSource } from '../../src/fingerprint/source-c.ts'
import type { SourceConstants } from '../../src/fingerprint/source-constants.ts'

function constantsOf(source: string): SourceConstants {
  return readSource(Buffer.from(source, 'latin1'), { isHeader: false, isTemplate: false, withConstants: true })
    .constants!
}

function immediatesOf(source: string): string[] {
  return constantsOf(source).immediates.map((value) => value.toString(16))
}

describe('rare constants of code', () => {
  test.each([
    ['hexadecimal', 'h *= 0x9E3779B1U;', ['9e3779b1']],
    ['decimal', 'if (x > 305419896) f();', ['12345678']],
    ['of 64 bits', 'x ^= 0x9E3779B185EBCA87ULL;', ['9e3779b185ebca87']],
    ['with digit separators', "x = 0x1234'5678;", ['12345678']],
    ['negative', 'f(-0x12345678);', ['edcba988']],
    ['subtracted, which are not negative', 'x - 0x12345678', ['12345678']],
    ['inverted', 'x & ~0x12345678u', ['edcba987']],
    ['computed in brackets', 'x = (0x1234 << 8 | 0x56) + 1;', ['123456']],
    ['of four characters', "if (tag == 'RIFF') f();", ['52494646']],
    ['once for each value', 'f(0x12345678); g(305419896);', ['12345678']],
  ])('%s', (_name, source, values) => {
    expect(immediatesOf(source)).toEqual(values)
  })
})

describe('no constants of code are those', () => {
  test.each([
    ['that everybody has', 'x = 0xffffffff & 65536 + 1000 | 0x7fffffff;'],
    ['of tables', 'static const unsigned t[] = { 0x12345678, 0x9abcdef1, 3, 4 };'],
    ['of enumerations', 'enum { A = 0x12345678 };'],
    ['of macros that nothing uses', '#define A 0x12345678'],
    ['of conditions of the preprocessor', '#if VERSION > 0x12345678\n#endif'],
    ['of debug builds', '#ifdef DEBUG\nx = 0x12345678;\n#endif'],
    ['with a fraction', 'x = 1234567.5;'],
  ])('%s', (_name, source) => {
    expect(immediatesOf(source)).toEqual([])
  })
})

test('names that may stand for numbers are those of macros and constants', () => {
  expect(constantsOf('x = PRIME_1 * kMultiplier + other(MAX);').names).toEqual(['PRIME_1', 'kMultiplier', 'MAX'])
})

describe('enumerators and constants', () => {
  test('count on from the value before', () => {
    const { values } = constantsOf('enum e { A, B, C = 5 << 1, D };')
    expect(
      values.map(({ name, tokens, plus }) => `${name} ${tokens.map(({ text }) => text).join('')} ${plus}`),
    ).toEqual(['A  0', 'B  1', 'C 5<<1 0', 'D 5<<1 1'])
  })

  test('that are variables are none', () => {
    expect(
      constantsOf('int a = 5; static const uint32_t kB = 6; constexpr auto kC = 7;').values.map(({ name }) => name),
    ).toEqual(['kB', 'kC'])
  })
})
