import { table } from '../snippets/tables.mjs'

/** The result as Markdown. */
export function toMarkdown(result) {
  const { machine, files, startUp, index, checks, missing } = result
  return [
    '# Speed',
    '',
    `\`${result.command}\`; binprint ${result.tool}, database ${result.database}; Node ${machine.node}, ${machine.cpu}.`,
    `Medians of ${result.rounds} rounds, run in turn in one process. How to read it: bench/README.md.`,
    '',
    '## Must hold',
    '',
    ...table(
      ['what', 'measured', 'limit', 'holds'],
      checks.map(({ what, value, limit, unit, holds }) => [
        what,
        `${round(value)}${unit}`,
        `${round(limit)}${unit}`,
        holds ? 'yes' : 'no',
      ]),
    ),
    '',
    ...files.flatMap(fileTable),
    '## Start-up',
    '',
    ...(startUp === null
      ? ['Not measured.']
      : [
          `\`binprint scan\` of a program of ${startUp.size} bytes, database compiled, as multiples of \`node -e 0\`:`,
          `wall ${round(startUp.wall)}, CPU ${round(startUp.cpu)} (medians of ${startUp.rounds} runs each, in turn).`,
        ]),
    '',
    '## Indexing',
    '',
    ...table(
      ['input', 'MB', 'MB/s', 'CPU, as multiples of sha256 of the same bytes'],
      index.map(({ input, size, perSecond, ratio }) => [input, megabytes(size), round(perSecond), round(ratio)]),
    ),
    '',
    ...(missing.length === 0 ? [] : ['Not there, so not measured:', '', ...missing.map((line) => `* ${line}`), '']),
  ].join('\n')
}

function fileTable({ name, size, base, rows, peak }) {
  return [
    `## ${name} (${megabytes(size)} MB)`,
    '',
    `sha256 of the bytes takes ${round(base.hash)} ms of CPU here, the byte loop ${round(base.loop)} ms.`,
    ...(peak === null ? [] : [`Peak memory of the command: ${megabytes(peak)} MB.`]),
    '',
    ...table(
      ['step', 'CPU, × sha256', 'least–most', 'fastest', 'CPU, × byte loop', 'MB per CPU second'],
      rows.map((row) => [
        row.step,
        round(row.hash.median),
        `${round(row.hash.least)}–${round(row.hash.most)}`,
        round(row.hash.fastest),
        round(row.loop.median),
        round(row.perSecond),
      ]),
    ),
    '',
  ]
}

function megabytes(bytes) {
  return round(bytes / 1e6)
}

/** Three significant digits. */
export function round(value) {
  if (!Number.isFinite(value)) return 'n/a'
  return String(Number(value.toPrecision(3)))
}
