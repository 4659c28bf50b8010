import { describe, expect, test } from 'vitest'
import { asksForHelp, choice, flag, number, pattern, readArguments, text } from '../../src/cli/args.ts'

const command = {
  name: 'frob',
  operands: { usage: 'FILE...', min: 1, max: 2 },
  options: {
    db: text('DIR', 'a directory'),
    format: choice('FORMAT', ['table', 'json'], 'a format'),
    jobs: number('N', { min: 1, max: 8, integer: true }, 'a number'),
    share: number('N', { min: 0, max: 1 }, 'a share'),
    tags: pattern('REGEX', 'some tags'),
    quick: flag('hurry'),
  },
} as const

test('options and operands mix in any order, with = or without', () => {
  const { values, operands } = readArguments(command, [
    'a',
    '--db',
    'x',
    '--format=json',
    'b',
    '--quick',
    '--jobs',
    '8',
  ])
  expect(values).toEqual({ db: 'x', format: 'json', jobs: 8, quick: true })
  expect(operands).toEqual(['a', 'b'])
})

test('after -- everything is an operand', () => {
  expect(readArguments(command, ['--quick', '--', '--db', '-x']).operands).toEqual(['--db', '-x'])
})

test('a lone dash is an operand', () => {
  expect(readArguments(command, ['-']).operands).toEqual(['-'])
})

test('a value may start with a dash behind =', () => {
  expect(readArguments(command, ['--db=-x', 'a']).values).toEqual({ db: '-x' })
})

test.each<[string, string[], string]>([
  ['no operand', [], 'frob needs FILE...; see binprint frob --help'],
  ['an operand too many', ['a', 'b', 'c'], 'frob does not take "c"; see binprint frob --help'],
  ['an option that does not exist', ['a', '--nope'], 'unknown option --nope; see binprint frob --help'],
  ['a short option that does not exist', ['a', '-x'], 'unknown option -x; see binprint frob --help'],
  ['an option named like a property', ['a', '--constructor'], 'unknown option --constructor; see binprint frob --help'],
  ['an option given twice', ['a', '--db', 'x', '--db', 'y'], '--db is given twice'],
  ['a missing value at the end', ['a', '--db'], '--db needs DIR'],
  [
    'an option in place of a value',
    ['a', '--db', '--quick'],
    '--db needs DIR; write --db=--quick if "--quick" is meant',
  ],
  ['an empty value', ['a', '--db='], '--db needs a value, have an empty one'],
  ['a value for a flag', ['a', '--quick=yes'], '--quick takes no value, have "yes"'],
  ['an unlisted choice', ['a', '--format', 'xml'], '--format needs table or json, have "xml"'],
  ['a number that is none', ['a', '--jobs', 'many'], '--jobs needs a whole number from 1 to 8, have "many"'],
  ['a fraction for a whole number', ['a', '--jobs', '1.5'], '--jobs needs a whole number from 1 to 8, have "1.5"'],
  ['a number out of range', ['a', '--share', '1.01'], '--share needs a number from 0 to 1, have "1.01"'],
  ['a hexadecimal number', ['a', '--jobs', '0x2'], '--jobs needs a whole number from 1 to 8, have "0x2"'],
])('%s is a usage error in one line', (_name, args, message) => {
  expect(() => readArguments(command, args)).toThrow(expect.objectContaining({ code: 'USAGE', message }))
})

test('a broken regular expression is a usage error that names the option', () => {
  const failure = expect.objectContaining({
    code: 'USAGE',
    message: expect.stringMatching(/^--tags needs a regular expression: /),
  })
  expect(() => readArguments(command, ['a', '--tags', '('])).toThrow(failure)
})

test.each([
  ['0', 0],
  ['1', 1],
  ['.5', 0.5],
  ['0.80', 0.8],
])('%s is the number %d', (written, value) => {
  expect(readArguments(command, ['a', '--share', written]).values.share).toBe(value)
})

describe('help is asked for', () => {
  test.each([[['--help']], [['-h']], [['a', '--nope', '--help']]])('by %j', (args) => {
    expect(asksForHelp(args)).toBe(true)
  })

  test('but not behind --', () => {
    expect(asksForHelp(['--', '--help'])).toBe(false)
  })
})
