/** Reads `pm2 jlist` and prints one line per app; exits with 1 unless all are online. */
let text = ''
process.stdin.on('data', (part) => {
  text += part
})
process.stdin.on('end', () => {
  // PM2 may print a greeting before the list.
  const apps = JSON.parse(text.slice(text.indexOf('[{') < 0 ? text.indexOf('[') : text.indexOf('[{')))
  for (const { name, pid, pm2_env: env } of apps) console.log(`${env.status.padEnd(8)} ${name} (process ${pid})`)
  process.exitCode = apps.length > 0 && apps.every(({ pm2_env: env }) => env.status === 'online') ? 0 : 1
})
