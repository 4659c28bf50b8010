import { table } from '../snippets/tables.mjs'
import { median } from '../speed/measure.mjs'
import { round } from '../speed/tables.mjs'

/** What issue and documentation promise: multiples of the CPU of gunzip and sha256 of the layers, and bytes. */
const LIMITS = { 'first scan': 3, 'second scan': 1.2, memory: 700e6 }

/** What must hold, with what was measured. The median of the rounds counts. */
export function checkLimits(rows, peak) {
  const checks = ['first scan', 'second scan'].map((step) => {
    const value = rows.find((row) => row.step === step).gunzip.median
    return { what: `CPU of the ${step}`, value, limit: LIMITS[step], unit: ' × gunzip + sha256' }
  })
  for (const [scan, bytes] of Object.entries(peak))
    checks.push({ what: `peak memory, ${scan} scan`, value: bytes / 1e6, limit: LIMITS.memory / 1e6, unit: ' MB' })
  return checks.map((check) => ({ ...check, holds: check.value <= check.limit }))
}

/** The result as Markdown. */
export function toMarkdown({ command, tool, reference, machine, rounds, base, checks, rows, sameReport, missing }) {
  return [
    '# Images',
    '',
    `\`${command}\`; binprint ${tool}, \`${reference}\`; Node ${machine.node}, ${machine.cpu}.`,
    `The base image of \`scripts/make-images.sh\`: ${base.bytes} bytes in ${base.files} files, ${base.elfFiles} of them ELF; ` +
      `its layer has ${base.gzipBytes} bytes, ${base.tarBytes} unpacked.`,
    `Medians of ${rounds} rounds. How to read it: bench/README.md.`,
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
    '## CPU',
    '',
    ...table(
      ['step', 'ms', '× gunzip + sha256', 'least–most', '× the same in Node', 'least–most'],
      rows.map(({ step, gunzip, node, milliseconds }) => [
        step === 'gunzip' ? '`gunzip -c \\| sha256sum`' : step === 'node' ? 'Node, zlib and crypto' : step,
        round(median(milliseconds)),
        round(gunzip.median),
        `${round(gunzip.least)}–${round(gunzip.most)}`,
        round(node.median),
        `${round(node.least)}–${round(node.most)}`,
      ]),
    ),
    '',
    sameReport ? 'Both scans made the same report.' : '**The second scan made another report.**',
    '',
    ...(missing.length === 0 ? [] : ['Not there:', '', ...missing.map((line) => `* ${line}`), '']),
  ].join('\n')
}
