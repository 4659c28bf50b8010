/** Enough to tell why something failed, and no page of HTML. */
const SHOWN_CHARACTERS = 200

/** What a server says of a failure, for a message: `: MANIFEST_UNKNOWN: manifest unknown`, or nothing. */
export function serverReason(body: string): string {
  const text = shownServerText(registryErrors(body) ?? '')
  return text === '' ? '' : `: ${text}`
}

/** Text of a server as a message may hold it: short, on one line, without characters that a terminal would obey. */
export function shownServerText(text: string): string {
  const plain = text
    .slice(0, 4 * SHOWN_CHARACTERS)
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
  return plain.length > SHOWN_CHARACTERS ? `${plain.slice(0, SHOWN_CHARACTERS)}…` : plain
}

/** The first error of a body (OCI Distribution, "Error Codes"); undefined where it is none, such as a proxy's page. */
function registryErrors(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: { code?: unknown; message?: unknown }[] }
    const said = [errors?.[0]?.code, errors?.[0]?.message].filter((part) => typeof part === 'string' && part !== '')
    return said.join(': ')
  } catch {
    return undefined
  }
}
