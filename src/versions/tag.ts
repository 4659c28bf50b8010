/** Schemes whose tags write the dots of a version as dashes or underscores. */
const SEPARATED_SCHEMES: ReadonlySet<string> = new Set(['letters', 'dashes', 'underscores'])

/**
 * The version that a tag names, or undefined where the pattern does not match, that is, where the tag is no release.
 *
 * The pattern has a group `version`. In the schemes `letters`, `dashes` and `underscores` the separators become dots
 * (`OpenSSL_1_1_1w` → `1.1.1w`) and a word keeps one dash before it (`1_00_pre1` → `1.00-pre1`); in all others the group is taken as it
 * stands, so that dates keep their dashes. The pattern is never moved: it may carry the flag `g`.
 *
 * @throws TypeError if the pattern matches but has no group `version`
 */
export function versionOfTag(tag: string, pattern: RegExp, scheme: string): string | undefined {
  const match = tag.match(new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')))
  if (match === null) return undefined
  const version = match.groups?.['version']
  if (version === undefined) throw new TypeError(`pattern: need a group named "version", have ${pattern.source}`)
  return SEPARATED_SCHEMES.has(scheme) ? dotted(version) : version
}

function dotted(version: string): string {
  // OpenSSH tags V_9_8_P1 what it publishes as 9.8p1: its portable releases.
  const portable = version.replace(/[-_]P(?=\d+$)/, 'p')
  return portable.replace(/[-_](?=\d)/g, '.').replace(/_(?=[A-Za-z])/g, '-')
}
