/*
 * The one style sheet of the public pages, inline because a page loads nothing: no script, no
 * font, no picture. One column from 320 pixels on, buttons a thumb can hit, colours of at least
 * 7:1 by day and by night, and a focus that cannot be overlooked.
 */
#ifndef PAGE_STYLE_H
#define PAGE_STYLE_H

/* clang-format off */
#define PAGE_STYLE \
    ":root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--soft:#f1f3f5;--line:#767b80;" \
    "--do:#0a4a80;--on-do:#fff;--said:#e6f2e8}" \
    "@media(prefers-color-scheme:dark){:root{--ink:#f2f2f2;--paper:#15181b;--soft:#23282d;" \
    "--line:#9aa1a8;--do:#9ccbf5;--on-do:#0b1620;--said:#1d3423}}" \
    "*{box-sizing:border-box}" \
    "body{margin:0;background:var(--paper);color:var(--ink);" \
    "font:1.0625rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}" \
    "main{max-width:40rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}" \
    "h1{font-size:1.4rem;line-height:1.25;margin:.5rem 0 1rem}" \
    "h2{font-size:1.15rem;margin:1.75rem 0 .5rem}" \
    "dl{margin:0;padding:.75rem 1rem;background:var(--soft);border-radius:.5rem}" \
    "dt{font-weight:600}" \
    "dd{margin:0 0 .6rem}" \
    "dd:last-child{margin:0}" \
    "form{margin:0 0 1rem}" \
    "fieldset{border:1px solid var(--line);border-radius:.5rem;margin:0 0 .6rem;padding:.5rem 1rem}" \
    "legend{float:left;width:100%;padding:0;font-weight:600}" \
    "label{clear:both;display:flex;gap:.7rem;align-items:center;min-height:2.75rem}" \
    "input{width:1.35rem;height:1.35rem;flex:none;margin:0;accent-color:var(--do)}" \
    "button{display:block;width:100%;min-height:3rem;padding:.6rem 1rem;font:inherit;" \
    "font-weight:600;color:var(--on-do);background:var(--do);border:2px solid var(--do);" \
    "border-radius:.5rem;cursor:pointer}" \
    "button.other{color:var(--do);background:var(--paper)}" \
    ":focus-visible{outline:3px solid var(--ink);outline-offset:3px}" \
    ".said{margin:0 0 1rem;padding:.75rem 1rem;background:var(--said);" \
    "border-left:.35rem solid var(--do);border-radius:.25rem;font-weight:600}" \
    "footer{margin-top:2rem;font-size:.95rem}"
/* clang-format on */

#endif
