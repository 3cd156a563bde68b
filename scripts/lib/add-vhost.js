/** add-vhost.js <amqp url> <vhost>: creates a vhost through the management API on its default port. */
async function put(base, authorization, path, body) {
  const headers = { authorization, 'content-type': 'application/json' }
  const answer = await fetch(`${base}/${path}`, { method: 'PUT', headers, body, signal: AbortSignal.timeout(5000) })
  if (!answer.ok) throw new Error(`the management API answers ${answer.status}`)
}

async function main([url, vhost]) {
  const { protocol, hostname, username, password } = new URL(url)
  const secure = protocol === 'amqps:'
  const base = `${secure ? 'https' : 'http'}://${hostname}:${secure ? 15671 : 15672}/api`
  const authorization = `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`
  await put(base, authorization, `vhosts/${encodeURIComponent(vhost)}`)
  const all = JSON.stringify({ configure: '.*', write: '.*', read: '.*' })
  await put(base, authorization, `permissions/${encodeURIComponent(vhost)}/${username}`, all)
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
