// What the lab is called on the controller, and which inventories it accepts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHosts, hostNames, labNames, labSubnet, machineId } from '../../src/lab/names.ts';

const lab = labNames('lab');

describe('subnets', () => {
  it('gives the usual lab the subnet of the inventory', () => expect(labSubnet('lab')).toBe('10.77.0'));

  it('gives every other name a subnet between 1 and 254, always the same', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/).filter((text) => text !== 'lab');
    fc.assert(
      fc.property(name, (text) => {
        const [ten, seventySeven, number] = labSubnet(text).split('.').map(Number);
        expect([ten, seventySeven]).toEqual([10, 77]);
        expect(number).toBeGreaterThanOrEqual(1);
        expect(number).toBeLessThanOrEqual(254);
        expect(labSubnet(text)).toBe(labSubnet(text));
      }),
    );
  });
});

describe('names on the controller', () => {
  it('keeps interface names within the 15 characters of the kernel', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/), fc.integer({ min: 2, max: 254 }), (name, last) => {
        const names = labNames(name);
        const host = hostNames(names, { name: 'stream-server-1', address: `${names.subnet}.${last}` });
        expect(names.bridge.length).toBeLessThanOrEqual(15);
        expect(host.interface.length).toBeLessThanOrEqual(15);
        expect(host.interface).not.toBe(names.bridge);
      }),
    );
  });

  it('does not mix up the hosts of labs whose names begin alike', () => {
    const [short, long] = [labNames('a'), labNames('a-b')];
    const host = hostNames(long, { name: 'c', address: `${long.subnet}.2` });
    expect(host.namespace.startsWith(short.namespacePrefix)).toBe(false);
    expect(host.directory.startsWith(`${short.directory}/`)).toBe(false);
    expect(host.cgroup.startsWith(`${short.cgroup}/`)).toBe(false);
  });

  it('gives every host a machine-id of its own', () => {
    expect(machineId(lab, 'lb-1')).toMatch(/^[0-9a-f]{32}$/);
    expect(machineId(lab, 'lb-1')).not.toBe(machineId(lab, 'lb-2'));
    expect(machineId(lab, 'lb-1')).not.toBe(machineId(labNames('other'), 'lb-1'));
  });

  it.each(['', 'Lab', '1st', '../x', 'a b', 'a.b', `a${'b'.repeat(31)}`])('refuses the lab name %j', (name) => {
    expect(() => labNames(name)).toThrow(expect.objectContaining({ code: 'lab-name' }));
  });
});

describe('hosts of an inventory', () => {
  const check = (...hosts: [string, string][]) =>
    checkHosts(
      lab,
      hosts.map(([name, address]) => ({ name, address })),
    );

  it('accepts addresses of the subnet', () => {
    check(['lb-1', '10.77.0.2'], ['backend-api-1', '10.77.0.254']);
  });

  it.each([
    ['203.0.113.5', "the address of lb-1, 203.0.113.5, is not in the lab's subnet 10.77.0.0/24"],
    ['10.77.00.5', 'not in the lab'],
    ['10.77.0.05', 'not in the lab'],
    ['', 'the address of lb-1, none, is not in'],
    ['lb-1.example.com', 'not in the lab'],
    ['10.77.0.0', 'lb-1 cannot have the address 10.77.0.0'],
    ['10.77.0.1', 'lb-1 cannot have the address 10.77.0.1'],
    ['10.77.0.255', 'lb-1 cannot have the address 10.77.0.255'],
  ])('refuses the address %j', (address, message) => {
    expect(() => check(['lb-1', address])).toThrow(message);
  });

  it.each(['', '-a', 'a_b', 'a.b', '../a', 'a b', 'a'.repeat(64)])('refuses the host name %j', (name) => {
    expect(() => check([name, '10.77.0.2'])).toThrow('cannot be a host name');
  });

  it('names every problem at once, and what the addresses must be', () => {
    const error = expect.objectContaining({
      code: 'lab-hosts',
      message: expect.stringMatching(/a_b.*192\.0\.2\.1.*two hosts have the address 10\.77\.0\.2/s) as string,
      hint: expect.stringContaining('between 10.77.0.2 and 10.77.0.254') as string,
    }) as Error;
    expect(() => check(['a_b', '10.77.0.2'], ['lb-1', '192.0.2.1'], ['lb-2', '10.77.0.2'])).toThrow(error);
  });

  it('refuses two hosts of one name, and an empty inventory', () => {
    expect(() => check(['a', '10.77.0.2'], ['a', '10.77.0.3'])).toThrow('two hosts have the name a');
    expect(() => check()).toThrow('the inventory has no host');
  });
});
