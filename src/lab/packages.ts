// What is inside the lab's hosts: the packages of the base tree, and those of its local apt repository.

/** The suite the hosts run. */
export const suite = 'bookworm';

/** In every host from the start: an init, a login, and what people expect of a minimal Debian server. No Python. */
export const basePackages: readonly string[] = [
  'adduser',
  'ca-certificates',
  'curl',
  'dbus',
  'iproute2',
  'openssh-server',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
];

/** Can be installed on a host without a network, with everything they depend on. */
export const repositoryPackages: readonly string[] = [
  'acl',
  'ca-certificates',
  'curl',
  'haproxy',
  'less',
  'nginx-light',
  'rsync',
];
