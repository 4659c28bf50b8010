/** The colours of charts: ours, what it is held against, a second figure of ours, and the ground that bars stand on. */
export const COLOURS = { ours: '#2a6f97', peer: '#b0b7bd', second: '#c8553d', ground: '#eef1f3', quiet: '#555555' }

/** An SVG document on white: the title, a line below it, what is drawn, and small print at the bottom. */
export function chart({ width, height, title, subtitle, small }, lines) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="26" font-size="16" font-weight="bold">${title}</text>`,
    `<text x="16" y="46" fill="${COLOURS.quiet}">${subtitle}</text>`,
    ...lines,
    `<text x="16" y="${height - 12}" fill="${COLOURS.quiet}" font-size="11">${small}</text>`,
    '</svg>',
    '',
  ].join('\n')
}
