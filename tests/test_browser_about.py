"""The About tab in a real browser: both languages, a narrow screen, a citation that is copied."""


def test_about_copies_follows_the_language_and_fits_a_phone(chromium, address):
    window = {"width": 1440, "height": 900}
    page = chromium.new_page(viewport=window, permissions=["clipboard-read", "clipboard-write"])
    page.set_default_timeout(60_000)
    page.goto(address + "?lang=zh")
    page.wait_for_selector(".ag-example")
    page.get_by_role("tab").last.click()
    page.wait_for_selector(".ag-about")
    assert page.locator(".ag-about section").count() == 11
    assert "不是读心术" in page.inner_text(".ag-about")
    page.get_by_label("English").check()
    page.wait_for_function("document.querySelector('.ag-about').innerText.includes('Not mind reading')")
    named = "all => all.map((one) => document.getElementById(one.getAttribute('aria-labelledby'))?.innerText)"
    assert all(page.eval_on_selector_all(".ag-about section", named))

    button = page.get_by_role("button", name="Copy: BibTeX AffectGPT")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.innerText === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("@article{lian2025affectgpt,")
    assert copied.endswith("}")

    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    where = "all => all.map((one) => [one.getBoundingClientRect().top, one.innerText.split('\\n')[0]])"
    assert [name for _, name in sorted(page.eval_on_selector_all(".ag-about section", where))][:4] == [
        "What this is", "What this is not", "What runs here", "Where your clip goes, and for how long"
    ]  # fmt: skip
    page.close()
