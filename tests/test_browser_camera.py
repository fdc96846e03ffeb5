"""A clip is recorded with the camera and the microphone that Chromium draws and beeps itself."""


def test_the_camera_records_a_clip_with_sound(chromium, address):
    window = {"width": 1440, "height": 900}
    page = chromium.new_page(viewport=window, permissions=["camera", "microphone"])
    page.goto(address + "?lang=en")
    page.wait_for_selector(".ag-example")
    page.click("#ag-clip button[aria-label='Capture from camera']")
    page.click("#ag-clip button:has-text('Access Webcam')")
    page.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(2_500)
    page.get_by_role("button", name="Stop", exact=True).locator("visible=true").and_(
        page.locator("#ag-clip button")
    ).click()
    page.wait_for_selector("#ag-clip video[src*='/file=']")  # it has been sent
    page.check("#ag-consent input")
    page.click("#ag-run")
    page.wait_for_selector(".ag-status.whole", timeout=60_000)
    # Its beep is not asked for: what a busy machine records may be silence.
    assert "no sound track" not in page.inner_text(".ag-column.acoustic")
    assert "no face" in page.inner_text(".ag-column.visual").lower()
    page.close()
