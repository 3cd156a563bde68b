import { useState } from 'preact/hooks'
import { Problem, post, Unreachable, whoAmI } from '../api/client'
import { useTitle } from '../hooks/use-title'
import { Button } from '../ui/button'
import { Field } from '../ui/field'
import { Banner } from './banner'
import { Brand } from './brand'

/** Asks for a token; scripts of this page cannot read the cookie that answers. */
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
            <p class="soft small">Use the ADMIN_TOKEN of this Backhaul, or its READ_TOKEN for read-only access.</p>
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
