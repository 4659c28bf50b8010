import { summarise } from './score.mjs'

const [WIDTH, LABEL, BAR, ROW] = [760, 250, 420, 34]
const COLOURS = { ours: '#2a6f97', peer: '#b0b7bd' }

/**
 * The chart: of all components in the programs, the share whose true version a tool names, alone or in a set, with the texts
 * of versions as they are and overwritten. Only shares of the same whole stand beside each other.
 */
export function toSvg({ ours, peer, programs, rows }) {
  const bars = [
    ['binprint', 'ours', ours.plain],
    ['strings and 30 banners', 'peer', peer.plain],
    ['binprint, version texts overwritten', 'ours', ours.blind],
    ['strings and 30 banners, overwritten', 'peer', peer.blind],
  ]
  const height = 64 + bars.length * ROW + 28
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    '<text x="16" y="26" font-size="16" font-weight="bold">Correct version, or a set that holds it</text>',
    `<text x="16" y="46" fill="#555555">of all components in ${programs} stripped programs linked with ${rows} static libraries</text>`,
    ...bars.flatMap(([name, colour, pairs], i) => bar(name, COLOURS[colour], pairs, 60 + i * ROW)),
    `<text x="16" y="${height - 12}" fill="#555555" font-size="11">No build of a tested version was indexed. npm run bench:static</text>`,
    '</svg>',
    '',
  ].join('\n')
}

function bar(name, colour, pairs, top) {
  const { right, labelled } = summarise(pairs)
  const value = labelled === 0 ? 0 : right / labelled
  const width = Math.round(BAR * value)
  return [
    `<text x="${LABEL}" y="${top + 20}" text-anchor="end">${name}</text>`,
    `<rect x="${LABEL + 10}" y="${top + 4}" width="${BAR}" height="22" fill="#eef1f3"/>`,
    `<rect x="${LABEL + 10}" y="${top + 4}" width="${width}" height="22" fill="${colour}"/>`,
    `<text x="${LABEL + 16 + BAR}" y="${top + 20}">${(100 * value).toFixed(0)} %</text>`,
  ]
}
