import { table } from '../snippets/tables.mjs'
import { round } from '../speed/tables.mjs'

/** The result as Markdown. */
export function toMarkdown(result) {
  const { machine, programs, shares, rows, growth, checks } = result
  const sizes = rows.map(({ size }) => size)
  return [
    '# Scale',
    '',
    `\`${result.command}\`; binprint ${result.tool}; Node ${machine.node}, ${machine.cpu}. How to read it: bench/README.md.`,
    `Scanned: ${programs.map(({ name, size }) => `${name} (${round(size / 1e6)} MB)`).join(', ')}.`,
    '',
    '## Must hold',
    '',
    ...table(
      ['what', 'measured', 'limit', 'holds'],
      checks.map(({ what, value, limit, unit, holds }) => [
        what,
        `${round(value)}${unit}`,
        `${limit}${unit}`,
        holds ? 'yes' : 'no',
      ]),
    ),
    '',
    '## Catalogs',
    '',
    ...table(
      [
        'releases',
        'components',
        'of these real',
        'histories, × as long',
        'source files',
        'features',
        'prints, bytes a release',
        'database, bytes a release',
      ],
      rows.map((row) => [
        row.releases,
        row.components,
        row.real,
        round(row.stretch),
        row.units,
        row.features,
        round(row.bytes / row.releases),
        round(row.databaseBytes / row.releases),
      ]),
    ),
    '',
    '## Costs',
    '',
    'CPU in seconds of this machine, ratios within one run, memory in MB.',
    '',
    ...table(
      [
        'releases',
        'read and sort',
        'compile',
        '× read and sort',
        'peak',
        'open, × `node -e 0`',
        'scan',
        '× sha256',
        'peak',
        'found',
      ],
      rows.map((row) => [
        row.releases,
        round(row.read / 1e3),
        round(row.compile / 1e3),
        round(row.compileRatio),
        round(row.compilePeak / 1e6),
        round(row.open.cpu),
        round(row.scan / 1e3),
        round(row.scanRatio),
        round(row.scanPeak / 1e6),
        row.found,
      ]),
    ),
    '',
    '## Growth',
    '',
    'Exponents: 1 is as fast as the number of releases, 0 not at all.',
    '',
    ...table(
      ['what', ...sizes.slice(1).map((size, i) => `${sizes[i]} to ${size}`), 'all'],
      growth.map(({ name, steps, all }) => [name, ...steps.map(exponent), exponent(all)]),
    ),
    '',
    '![Growth](scale.svg)',
    '',
    '## What synthetic components share',
    '',
    'Measured among the real ones: the share of features that another family has as well, and of those of one family alone the',
    'share that programs without it hold.',
    '',
    ...table(
      ['kind', 'shared', 'in programs by coincidence'],
      shares.map(({ name, share, chance }) => [name, percent(share), chance === 0 ? 'not drawn' : percent(chance)]),
    ),
    '',
  ].join('\n')
}

function exponent(value) {
  return value.toFixed(2)
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`
}
