import { isPreReleaseWord } from './numeric.ts'

/**
 * The upstream version inside a Debian, rpm or apk version: without epoch, revision and the marks of the distribution.
 *
 * `1:1.3.dfsg+really1.3.1-1` → `1.3.1`, `2.9.14+dfsg-1.3~deb12u1` → `2.9.14`, `9.7_p1-r4` → `9.7p1`,
 * `3.0.0~beta2-1` → `3.0.0-beta2`. A snapshot mark (`+git2021`, `^20210101`) is dropped: what is left is the release
 * that the snapshot follows. Text that has none of the marks is returned as it is.
 */
export function upstreamVersion(distroVersion: string): string {
  let version = withoutRevision(distroVersion.replace(/^\d+:/, ''))
  version = version.replace(/^.*\+really\.?/, '')
  version = version.replace(/[+^].*$/, '')
  version = version.replace(/^0~(?=\d)/, '')
  version = version.replace(/[.~](?:dfsg|ds)\.?\d*$/, '')
  version = version.replace(/_(?:git|svn|cvs|hg)\d*$/, '').replace(/_p(?=\d)/, 'p')
  version = version.replace(/[~_]([A-Za-z]+)/, (mark, word: string) => (isPreReleaseWord(word) ? `-${word}` : mark))
  return version.replace(/~.*$/, '')
}

/** Cuts at the last dash, unless what follows is part of the upstream version (`1.0.2-beta1`). */
function withoutRevision(version: string): string {
  const dash = version.lastIndexOf('-')
  if (dash <= 0) return version
  const word = /^[A-Za-z]+/.exec(version.slice(dash + 1))?.[0] ?? ''
  return isPreReleaseWord(word) ? version : version.slice(0, dash)
}
