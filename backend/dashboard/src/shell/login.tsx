import { useState } from 'preact/hooks'
import { Problem, post, Unreachable, whoAmI } from '../api/client'
import { useTitle } from '../hooks/use-title'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Banner } from './banner'
import { Brand } from './brand'

/** Asks for a token; the cookie that answers is out of this page's reach. */
export function Login() {
  useTitle('Log in')
  const [token, setToken] = useState('')
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const enter = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await post('/api/login', { token: token.trim() })
      await whoAmI()
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error
      setFault(error.message)
      setBusy(false)
    }
  }
  return (
    <>
      <Banner />
      <main class="login">
        <form class="card pad" onSubmit={(event) => void enter(event)}>
          <Brand />
          <div>
            <h1>Log in</h1>
            <p class="soft small">With the ADMIN_TOKEN of this Backhaul, or its READ_TOKEN to look without changing anything.</p>
          </div>
          <Field label="Token" fault={fault}>
            {(props) => (
              <input
                {...props}
                class="input"
                type="password"
                autocomplete="current-password"
                required
                value={token}
                onInput={(event) => setToken(event.currentTarget.value)}
              />
            )}
          </Field>
          <Button kind="primary" type="submit" busy={busy} disabled={token.trim() === ''}>
            Log in
          </Button>
        </form>
      </main>
    </>
  )
}
