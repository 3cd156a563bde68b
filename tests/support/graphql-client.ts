/** What GraphQL answers. Tests read data of every shape. */
export interface Answered {
  // biome-ignore lint/suspicious/noExplicitAny: the shape is the query's
  data?: any
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[]
}

export interface Followed extends AsyncIterableIterator<Answered> {
  next(): Promise<IteratorResult<Answered, Answered>>
  contentType(): string
  /** Closes the connection, as a page does that is left. */
  leave(): Promise<void>
}

export interface GraphqlClient {
  send(query: string, variables?: object): Promise<Answered>
  /** The data; throws with the errors there are. */
  data(query: string, variables?: object): Promise<Answered['data']>
  /** The one error; throws when there is none. */
  error(query: string, variables?: object): Promise<NonNullable<Answered['errors']>[number]>
  /** A subscription by server-sent events; it begins at once. */
  follow(query: string, variables?: object, method?: 'GET' | 'POST'): Followed
}

/** A client of `/graphql` with a token. */
export function graphqlClient(url: string, token: string): GraphqlClient {
  const authorization = `Bearer ${token}`
  const post = (query: string, variables: object | undefined, accept: string, signal?: AbortSignal) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization, accept, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal,
    })
  const send = async (query: string, variables?: object): Promise<Answered> =>
    (await (await post(query, variables, 'application/json')).json()) as Answered
  return {
    send,
    async data(query, variables) {
      const { data, errors } = await send(query, variables)
      if (errors || data === undefined) throw new Error(`${query.slice(0, 200)} answered ${JSON.stringify(errors)}`)
      return data
    },
    async error(query, variables) {
      const { errors } = await send(query, variables)
      if (!errors?.[0]) throw new Error(`${query.slice(0, 200)} was answered without an error`)
      return errors[0]
    },
    follow(query, variables, method = 'POST') {
      const leaving = new AbortController()
      const byGet = () => {
        const asked = new URLSearchParams({ query, variables: JSON.stringify(variables ?? {}) })
        return fetch(`${url}/graphql?${asked}`, { headers: { authorization, accept: 'text/event-stream' }, signal: leaving.signal })
      }
      const answer = method === 'GET' ? byGet() : post(query, variables, 'text/event-stream', leaving.signal)
      return following(answer, leaving)
    },
  }
}

function following(answer: Promise<Response>, leaving: AbortController): Followed {
  let type = ''
  async function* read(): AsyncGenerator<Answered, Answered> {
    const response = await answer
    type = response.headers.get('content-type') ?? ''
    let text = ''
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const frame = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const data = frame
          .find((line) => line.startsWith('data:'))
          ?.slice(5)
          .trim()
        if (data) yield JSON.parse(data) as Answered
      }
    }
    return {}
  }
  const events = read()
  return Object.assign(events, {
    contentType: () => type,
    leave: async () => leaving.abort(),
  }) as unknown as Followed
}
