/** What a server answers to what it does not like. */
export class XrpcError extends Error {
  constructor(nsid, status, text) {
    super(`${nsid} answered ${status}: ${text.slice(0, 300)}`)
    this.status = status
  }
}

/**
 * One call of a server.
 * @param body JSON as a value or as text; bytes are sent as a CAR
 * @param as `json`, `bytes` or `answer`
 */
export async function call(pds, nsid, { query, body, token, isAdmin = false, as = 'json' } = {}) {
  const authorization = token ? `Bearer ${token}` : isAdmin ? `Basic ${btoa(`admin:${pds.password}`)}` : undefined
  const isCar = body instanceof Uint8Array
  const answer = await fetch(`${pds.url}/xrpc/${nsid}${query ? `?${new URLSearchParams(query)}` : ''}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(authorization ? { authorization } : {}),
      ...(body === undefined ? {} : { 'content-type': isCar ? 'application/vnd.ipld.car' : 'application/json' }),
    },
    body: body === undefined || isCar || typeof body === 'string' ? body : JSON.stringify(body),
  })
  if (as === 'answer') return answer
  if (!answer.ok) throw new XrpcError(nsid, answer.status, await answer.text())
  if (as === 'bytes') return new Uint8Array(await answer.arrayBuffer())
  const text = await answer.text()
  return text === '' ? undefined : JSON.parse(text)
}
