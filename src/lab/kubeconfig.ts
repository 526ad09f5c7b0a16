/**
 * What clients need to reach a lab's API server, which speaks plain HTTP on loopback; `url` carries the secret of its
 * door. The official JavaScript client refuses plain HTTP unless told to trust any certificate; others do not mind.
 */
export const printKubeconfig = (name: string, url: string): string => `apiVersion: v1
kind: Config
current-context: lab-${name}
clusters:
- name: lab-${name}
  cluster: { server: "${url}", insecure-skip-tls-verify: true }
contexts:
- name: lab-${name}
  context: { cluster: lab-${name}, user: lab }
users:
- name: lab
  user: {}
`
