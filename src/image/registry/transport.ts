import { DetectorError } from '../../errors.ts'

/** Where Docker Hub's registry answers: its name is that of a website. */
const DOCKER_HUB_SERVER = 'registry-1.docker.io'

/** `HOST[:PORT]` to connect to for the host of a reference. */
export function serverOf(host: string): string {
  return host === 'docker.io' ? DOCKER_HUB_SERVER : host
}

/** True for names and addresses of this very machine. Takes the `hostname` of a `URL`, which is normalised. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** True where plain http may be spoken: with this machine, or anywhere if the user said so. */
export function allowsPlainHttp(url: URL, insecure: boolean): boolean {
  return insecure || isLoopback(url.hostname)
}

/**
 * Checks an address that a server named, before anything is sent there.
 *
 * @param from what named it: a registry that is reached over https never leads to plain http
 * @throws DetectorError `SOURCE_UNSAFE`
 */
export function checkAddress(url: URL, from: URL, insecure: boolean): void {
  const isPlainAllowed = from.protocol === 'http:' && allowsPlainHttp(url, insecure)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isPlainAllowed))
    throw new DetectorError('SOURCE_UNSAFE', `refused ${shownAddress(url)}, which ${from.host} names: need https`)
  if (url.username !== '' || url.password !== '')
    throw new DetectorError(
      'SOURCE_UNSAFE',
      `refused ${shownAddress(url)}, which ${from.host} names with credentials in it`,
    )
}

/** Scheme and host: path and query of signed addresses are secrets. */
export function shownAddress(url: URL): string {
  return `${url.protocol}//${url.host}`.slice(0, 200)
}
