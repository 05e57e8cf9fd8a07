// What makes the statistics page live: it fetches what has changed, and lets admins drain servers. Plain JavaScript for browsers.
// Without it the page is the same, and reloads itself.

export const pageScript = `'use strict';
(() => {
  const root = document.documentElement;
  const live = document.getElementById('live');
  const note = document.getElementById('note');
  const dialog = document.getElementById('sign-in');
  const key = 'veza-proxy-token';
  const every = Number(live.dataset.every) || 2000;
  root.classList.add('js');

  // Only what differs is touched, so that focus, selection and scrolling stay.
  const morph = (from, to) => {
    if (from.nodeName !== to.nodeName || from.childNodes.length !== to.childNodes.length) return void from.replaceWith(to.cloneNode(true));
    if (from.nodeType === 3) { if (from.data !== to.data) from.data = to.data; return; }
    if (from.nodeType !== 1) return;
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    [...from.childNodes].forEach((child, index) => morph(child, to.childNodes[index]));
  };

  const refresh = async () => {
    try {
      const response = await fetch(live.dataset.live, { cache: 'no-store' });
      if (!response.ok) throw new Error(String(response.status));
      const next = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('live');
      [...next.children].forEach((child, index) => live.children[index] ? morph(live.children[index], child) : live.append(child));
      while (live.children.length > next.children.length) live.lastElementChild.remove();
      note.textContent = '';
    } catch {
      note.textContent = 'no answer, trying again';
    }
  };

  const loop = async () => {
    if (!document.hidden) await refresh();
    setTimeout(loop, every);
  };

  const call = (method, path, body, token) => fetch(path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: 'Bearer ' + token }) },
    body: body && JSON.stringify(body),
  });

  const signedIn = (token) => {
    if (token) sessionStorage.setItem(key, token);
    else sessionStorage.removeItem(key);
    root.classList.toggle('admin', Boolean(token));
    const button = document.getElementById('session');
    if (button) button.textContent = token ? 'Sign out' : 'Sign in';
  };

  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button[data-set]');
    if (!button) return;
    button.disabled = true;
    const response = await call('PATCH', '/api/servers/' + button.dataset.server, { state: button.dataset.set }, sessionStorage.getItem(key));
    if (response.status === 401) signedIn('');
    else if (!response.ok) note.textContent = (await response.json()).error.message;
    button.disabled = false;
    await refresh();
  });

  if (dialog) {
    document.getElementById('session').addEventListener('click', () => {
      if (sessionStorage.getItem(key)) signedIn('');
      else dialog.showModal();
    });
    dialog.querySelector('[value=cancel]').addEventListener('click', () => dialog.close());
    dialog.querySelector('form').addEventListener('submit', async (event) => {
      event.preventDefault();
      const form = event.target;
      const fail = (text) => { form.querySelector('.error').textContent = text; };
      let token = form.elements.secret.value;
      const name = form.elements.name.value;
      if (name) {
        const response = await call('POST', '/api/auth/login', { name, password: token });
        if (!response.ok) return fail((await response.json()).error.message);
        token = (await response.json()).accessToken;
      }
      const who = await call('GET', '/api/whoami', undefined, token);
      if (!who.ok) return fail('This is not accepted.');
      if ((await who.json()).role !== 'admin') return fail('This may only look.');
      form.reset();
      fail('');
      dialog.close();
      signedIn(token);
    });
    signedIn(sessionStorage.getItem(key));
  }
  setTimeout(loop, every);
})();
`;
