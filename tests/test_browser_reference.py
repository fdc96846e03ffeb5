"""Scores against a reference in a real browser: an example's, a pasted one, and what is wrong with one."""

EVIL = "</script><img src=x onerror=document.title='evil'>${7*7}{{7*7}} He is furious."


def opened(chromium, address, query, width=1440):
    page = chromium.new_page(viewport={"width": width, "height": 900})
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.goto(address + query)
    page.wait_for_selector(".ag-example")
    page.click("[data-example='0']")
    page.wait_for_selector(".ag-assess", timeout=40_000)
    return page


def test_an_example_is_scored_at_once_and_a_pasted_reference_by_the_button(chromium, address):
    page = opened(chromium, address, "?lang=en")
    box, labels = page.get_by_label("Reference explanation"), page.get_by_label("Reference labels")
    assert "forefinger" in box.input_value()
    assert "indignant" in labels.input_value()
    assert "of 10" in page.inner_text(".ag-tiles")
    assert "not comparable with the ChatGPT marks" in page.inner_text(".ag-assess")

    box.fill(EVIL)
    labels.fill("furious, zorbled")
    page.get_by_role("button", name="Score against this reference").press("Enter")
    page.wait_for_selector(".ag-unmet.missed >> text=zorbled")
    assert "not on our wheel" in page.inner_text(".ag-unmet.missed")
    assert "angry\t≈ furious\tsame sector: angry" in page.inner_text(".ag-pairs")
    assert page.locator(".ag-assess img").count() == 0
    assert page.title() != "evil"

    page.click("#ag-language label:has-text('中文')")
    page.wait_for_selector(".ag-assess >> text=同属扇区")
    assert "zorbled" in page.get_by_label("参考标签").input_value()
    assert page.complaints == []
    page.close()


def test_what_is_wrong_is_said_in_words_and_the_scores_stay(chromium, address):
    page = opened(chromium, address, "?lang=zh&__theme=dark", width=390)
    box, labels = page.get_by_label("参考解释"), page.get_by_label("参考标签")
    button = page.get_by_role("button", name="按此参考答案评分")
    assert "食指" in box.input_value()
    box.fill("x" * 10_000)
    button.click()
    page.wait_for_selector("text=最多 8000 个")
    box.fill("")
    labels.fill(" ")
    button.click()
    page.wait_for_selector("text=还没有参考答案")
    assert "/ 10" in page.inner_text(".ag-tiles")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.complaints == []
    page.close()
