/** The pages for signing in and out: plain forms that need no script, in the reader's language. */
import { boardPath, signInPath, signOutPath } from './board-paths.js';

export type PageLanguage = 'en' | 'zh-Hans';

export interface SignInPage {
  language: PageLanguage;
  next: string;
  /** Why the form is shown again. */
  problem?: 'wrong_key' | { waitSeconds: number };
}

const texts = {
  en: {
    signInTitle: 'Sign in to the queues',
    signInHint: 'The admin key of this installation (ADMIN_KEY). You stay signed in for an hour.',
    keyLabel: 'Admin key',
    signIn: 'Sign in',
    signOutTitle: 'Sign out',
    signOutHint: 'The queues can then be seen again only with the admin key.',
    signOut: 'Sign out',
    back: 'Back to the queues',
    wrongKey: 'This is not the admin key. Check it and try again.',
    wait: (seconds: number) => `There were too many wrong keys from your address. Try again in ${seconds} seconds.`,
  },
  'zh-Hans': {
    signInTitle: '登录队列面板',
    signInHint: '请输入本系统的管理员密钥（ADMIN_KEY）。登录状态保持一小时。',
    keyLabel: '管理员密钥',
    signIn: '登录',
    signOutTitle: '退出登录',
    signOutHint: '退出后，需要重新输入管理员密钥才能查看队列。',
    signOut: '退出登录',
    back: '返回队列面板',
    wrongKey: '管理员密钥不正确，请检查后重试。',
    wait: (seconds: number) => `您的地址输错密钥的次数过多，请在 ${seconds} 秒后重试。`,
  },
} as const satisfies Record<PageLanguage, unknown>;

/** The first of the reader's languages that we speak. */
export function languageOf(acceptLanguage: string | undefined): PageLanguage {
  const wanted = (acceptLanguage ?? '').split(',').flatMap((part) => {
    const [, tag = '', quality = '1'] = /^\s*([a-z]{2,3})(?:-[\w-]+)?\s*(?:;\s*q=([\d.]+))?\s*$/i.exec(part) ?? [];
    return /^(zh|en)$/i.test(tag) && Number(quality) > 0 ? [{ tag, quality: Number(quality) }] : [];
  });
  const [first] = wanted.sort((left, right) => right.quality - left.quality);
  return first?.tag.toLowerCase() === 'zh' ? 'zh-Hans' : 'en';
}

export function signInPage({ language, next, problem }: SignInPage): string {
  const text = texts[language];
  const message = problem === 'wrong_key' ? text.wrongKey : problem && text.wait(problem.waitSeconds);
  const marks = message === undefined ? '' : ' aria-invalid="true" aria-describedby="problem"';
  return page(
    language,
    text.signInTitle,
    `${message === undefined ? '' : `<p id="problem" role="alert">${message}</p>`}
<form method="post" action="${signInPath}">
<input type="hidden" name="next" value="${escapeHtml(next)}">
<input type="text" name="user" value="admin" autocomplete="username" hidden>
<label for="key">${text.keyLabel}</label>
<input id="key" name="key" type="password" required autofocus autocomplete="current-password"${marks}>
<p>${text.signInHint}</p>
<button>${text.signIn}</button>
</form>`,
  );
}

export function signOutPage(language: PageLanguage): string {
  const text = texts[language];
  return page(
    language,
    text.signOutTitle,
    `<p>${text.signOutHint}</p>
<form method="post" action="${signOutPath}"><button>${text.signOut}</button></form>
<p><a href="${boardPath}">${text.back}</a></p>`,
  );
}

const style = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem}h1{font-size:1.5rem}
label,input,button{display:block;font:inherit}[hidden]{display:none}label{font-weight:600}input{box-sizing:border-box;width:100%;padding:.5rem}
button{padding:.5rem 1.5rem}[role=alert]{border-left:.25rem solid #c33;padding-left:.75rem}`;

function page(language: PageLanguage, title: string, content: string): string {
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title} · Reelay</title>
<style>${style}</style>
<main>
<h1>${title}</h1>
${content}
</main>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
