import { COLOURS, chart } from '../chart.mjs'
import { summarise } from './score.mjs'

const [WIDTH, LABEL, BAR, ROW] = [760, 250, 420, 34]

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
  return chart(
    {
      width: WIDTH,
      height: 64 + bars.length * ROW + 28,
      title: 'Correct version, or a set that holds it',
      subtitle: `of all components in ${programs} stripped programs linked with ${rows} static libraries`,
      small: 'No build of a tested version was indexed. npm run bench:static',
    },
    bars.flatMap(([name, colour, pairs], i) => bar(name, COLOURS[colour], pairs, 60 + i * ROW)),
  )
}

function bar(name, colour, pairs, top) {
  const { right, labelled } = summarise(pairs)
  const value = labelled === 0 ? 0 : right / labelled
  const width = Math.round(BAR * value)
  return [
    `<text x="${LABEL}" y="${top + 20}" text-anchor="end">${name}</text>`,
    `<rect x="${LABEL + 10}" y="${top + 4}" width="${BAR}" height="22" fill="${COLOURS.ground}"/>`,
    `<rect x="${LABEL + 10}" y="${top + 4}" width="${width}" height="22" fill="${colour}"/>`,
    `<text x="${LABEL + 16 + BAR}" y="${top + 20}">${(100 * value).toFixed(0)} %</text>`,
  ]
}
