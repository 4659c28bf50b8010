/** Words that no library of the catalog is about, so that nothing in the program belongs to one. */
const NOUNS =
  'pallet crane ferry orchard kiln quarry tram lantern barge silo trellis paddock weir anvil loom cistern gantry heron sledge turnstile'.split(
    ' ',
  )
const VERBS =
  'weigh repaint reroute dredge harvest shelve tether auction survey prune ballast rewire thatch polish'.split(' ')
const REASONS =
  'the tide is out|its owner left no address|two clerks disagree|the ledger is wet|a goat ate the label|nobody holds the key'.split(
    '|',
  )

/** Functions of the program: with twelve lines each, a small but real program beside the snippet. */
const FUNCTIONS = 48
/** Entries of its own table of constants. */
const TABLE_ENTRIES = 256

/**
 * The C source of a program that has nothing to do with any library: functions, texts and a table of its own, all drawn
 * from `seed`. The same seed gives the same text. Links with {@link foreignGlue}.
 */
export function foreignMain({ seed }) {
  const next = generator(seed)
  const table = Array.from({ length: TABLE_ENTRIES }, () => `0x${next().toString(16)}u`)
  const functions = Array.from({ length: FUNCTIONS }, (_, index) => foreignFunction(index, next))
  const calls = Array.from({ length: FUNCTIONS }, (_, index) => `  total += step_${index}(argc + ${index}, total);`)
  return [
    '#include <stdio.h>',
    '#include <stdlib.h>',
    `static const unsigned int own_table[${TABLE_ENTRIES}] = { ${table.join(', ')} };`,
    'extern void (*volatile kept[])(void);',
    ...functions,
    'int main(int argc, char **argv) {',
    '  unsigned int total = argc > 1 ? (unsigned int) atoi(argv[1]) : 0u;',
    '  if (kept[0] != 0 && argc > 1000) kept[0]();',
    ...calls,
    '  printf("%u crates stand on the quay\\n", total);',
    '  return 0;',
    '}',
    '',
  ].join('\n')
}

/**
 * The rest of the program. `roots` are functions, declared elsewhere, whose code must stay in it; `stubs` are names that
 * the linker lacks, defined here so that they leave no import behind.
 */
export function foreignGlue({ roots = [], stubs = [] }) {
  return [
    ...stubs.map((name) => `void ${name}(void) {}`),
    ...roots.map((name) => `extern void ${name}(void);`),
    `void (*volatile kept[])(void) = { ${[...roots, '0'].join(', ')} };`,
    '',
  ].join('\n')
}

/** A function of its own constants, loop and texts. */
function foreignFunction(index, next) {
  const pick = (list) => list[next() % list.length]
  const constant = () => `0x${next().toString(16)}u`
  const [noun, other, verb, reason] = [pick(NOUNS), pick(NOUNS), pick(VERBS), pick(REASONS)]
  return [
    `__attribute__((noinline)) static unsigned int step_${index}(int count, unsigned int seed) {`,
    `  unsigned int sum = seed ^ ${constant()};`,
    '  for (int i = 0; i < count; i++) {',
    `    sum = sum * ${constant()} + own_table[(sum >> ${1 + (next() % 20)}) % ${TABLE_ENTRIES}u];`,
    `    if (sum % ${3 + (next() % 90)}u == 0u) sum ^= ${constant()};`,
    `    else if ((sum & ${1 + (next() % 60)}u) == 0u) sum -= (unsigned int) i;`,
    '  }',
    `  if (sum == ${constant()})`,
    `    fprintf(stderr, "cannot ${verb} ${noun} %u beside the ${other}: ${reason}\\n", sum);`,
    `  else if (sum == ${constant()}) puts("the ${other} of row ${next() % 1000} waits to ${verb}");`,
    '  return sum;',
    '}',
  ].join('\n')
}

/**
 * 32-bit numbers in an order that only the seed decides.
 *
 * @see Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003
 */
function generator(seed) {
  let state = (seed | 0) === 0 ? 1 : seed | 0
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
