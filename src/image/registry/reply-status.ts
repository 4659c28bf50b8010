import { discard, type HttpReply, readPart } from './http-client.ts'
import { PassingFailure, retryAfter } from './retry.ts'
import { serverReason } from './server-text.ts'

/** Of the client errors these two are about time: the request took too long, or came too soon. */
const PASSING = [408, 429]

/**
 * Passes any status that another attempt would meet again.
 *
 * @param who as a message should say
 * @throws PassingFailure for 408, 429 and all of 500 and above, with the pause that the server asks for
 */
export async function checkStatus(reply: HttpReply, who: string): Promise<void> {
  const { status, message } = reply
  if (status < 500 && !PASSING.includes(status)) return
  const reason = serverReason(await readPart(reply))
  throw new PassingFailure(`${who} answers ${status}${reason}`, {
    askedMilliseconds: retryAfter(message.headers['retry-after']),
  })
}

/** As {@link checkStatus}, for a server that a registry led to: what it refuses may be right at another address. */
export async function checkStorageStatus(reply: HttpReply, who: string): Promise<void> {
  await checkStatus(reply, who)
  if (reply.status !== 401 && reply.status !== 403) return
  await discard(reply)
  throw new PassingFailure(`${who} answers ${reply.status}`)
}
